"""Leases: who works on an item just now, and the token that its result must show.

Workers are Ray's or the system's; a lease is no scheduler. It fences off: whoever takes an item over has a greater
token, and what comes late from who had it before is refused. Each function is a part of a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select, text, update

from league.ledger import schema

NEVER = 1e18  # when the lease of a finished item expires
_leases = schema.leases


def now(connection: Connection) -> float:
    """The database's clock: hosts on several machines need not agree about the time."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
    return time.time()


def take(connection: Connection, item: str, owner: str, seconds: float, seize: bool = False) -> int | None:
    """Take an item for `seconds`; its token. None where somebody has it, or where it is finished.

    `seize` takes an unfinished one from anybody. Raises IntegrityError where somebody takes it at the same moment.
    """
    began, table = now(connection), _leases
    free = table.c.expires < (NEVER if seize else began)
    values = {"token": table.c.token + 1, "owner": owner, "expires": began + seconds}
    if connection.execute(update(table).where(table.c.item == item, free).values(**values)).rowcount:
        return int(connection.execute(select(table.c.token).where(table.c.item == item)).scalar_one())
    if connection.execute(select(table.c.item).where(table.c.item == item)).first() is not None:
        return None
    connection.execute(insert(table).values(item=item, token=1, owner=owner, expires=began + seconds))
    return 1


def renew(connection: Connection, owner: str, seconds: float) -> None:
    """Keep everything that `owner` has for `seconds` more."""
    mine = (_leases.c.owner == owner, _leases.c.expires < NEVER, _leases.c.expires > 0)
    connection.execute(update(_leases).where(*mine).values(expires=now(connection) + seconds))


def give_back(connection: Connection, item: str, token: int) -> None:
    """Give an item back unfinished."""
    mine = (_leases.c.item == item, _leases.c.token == token, _leases.c.expires < NEVER)
    connection.execute(update(_leases).where(*mine).values(expires=0.0))


def finish(connection: Connection, item: str, token: int) -> bool:
    """Mark an item as finished; False, with nothing changed, where the token is no longer the item's."""
    mine = (_leases.c.item == item, _leases.c.token == token, _leases.c.expires < NEVER)
    return bool(connection.execute(update(_leases).where(*mine).values(expires=NEVER)).rowcount)


def live(connection: Connection) -> list[str]:
    """The items that somebody has now."""
    held = (_leases.c.expires > now(connection), _leases.c.expires < NEVER)
    return list(connection.execute(select(_leases.c.item).where(*held).order_by(_leases.c.item)).scalars())


def drop(connection: Connection, items: Collection[str]) -> None:
    """Forget items: whoever still works on one of them shows a token that nobody knows."""
    connection.execute(delete(_leases).where(_leases.c.item.in_(items)))
