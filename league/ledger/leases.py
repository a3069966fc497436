"""Leases: who works on an item just now, and the token that its result must show.

Workers are Ray's or the system's; a lease is no scheduler. It fences off: whoever takes an item over has a greater
token, and what comes late from who had it before is refused. Each function is a part of a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from league.ledger import schema

NEVER = 1e18  # when the lease of a finished item expires
_leases = schema.leases

# Built once, as they are executed for every order: SQLAlchemy takes longer to build a statement than SQLite to do it.
_OF = _leases.c.item == bindparam("of")
_MINE = (_OF, _leases.c.token == bindparam("mine"), _leases.c.expires < NEVER)
_TAKE = (
    update(_leases)
    .where(_OF, _leases.c.expires < bindparam("free"))
    .values(token=_leases.c.token + 1, owner=bindparam("by"), expires=bindparam("until"))
)
_TOKEN = select(_leases.c.token).where(_OF)
_FINISH = update(_leases).where(*_MINE).values(expires=NEVER)
_GIVE_BACK = update(_leases).where(*_MINE).values(expires=0.0)


def now(connection: Connection) -> float:
    """The database's clock: hosts on several machines need not agree about the time."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
    return time.time()


def take(connection: Connection, item: str, owner: str, seconds: float, seize: bool = False) -> int | None:
    """Take an item for `seconds`; its token. None where somebody has it, or where it is finished.

    `seize` takes an unfinished one from anybody. Raises IntegrityError where somebody takes it at the same moment.
    """
    began = now(connection)
    values = {"of": item, "free": NEVER if seize else began, "by": owner, "until": began + seconds}
    taken = connection.execute(_TAKE, values).rowcount
    token = connection.execute(_TOKEN, {"of": item}).scalar()
    if token is not None:
        return int(token) if taken else None
    connection.execute(insert(_leases), {"item": item, "token": 1, "owner": owner, "expires": began + seconds})
    return 1


def renew(connection: Connection, owner: str, seconds: float) -> None:
    """Keep everything that `owner` has for `seconds` more."""
    mine = (_leases.c.owner == owner, _leases.c.expires < NEVER, _leases.c.expires > 0)
    connection.execute(update(_leases).where(*mine).values(expires=now(connection) + seconds))


def give_back(connection: Connection, item: str, token: int) -> None:
    """Give an item back unfinished."""
    connection.execute(_GIVE_BACK, {"of": item, "mine": token})


def finish(connection: Connection, item: str, token: int) -> bool:
    """Mark an item as finished; False, with nothing changed, where the token is no longer the item's."""
    return bool(connection.execute(_FINISH, {"of": item, "mine": token}).rowcount)


def live(connection: Connection) -> list[str]:
    """The items that somebody has now."""
    held = (_leases.c.expires > now(connection), _leases.c.expires < NEVER)
    return list(connection.execute(select(_leases.c.item).where(*held).order_by(_leases.c.item)).scalars())


def drop(connection: Connection, items: Collection[str]) -> None:
    """Forget items: whoever still works on one of them shows a token that nobody knows."""
    connection.execute(delete(_leases).where(_leases.c.item.in_(items)))
