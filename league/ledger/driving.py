"""Who drives a league whose ledger several machines share: one process at a time, which has a lease on all of it.

A lease that is not renewed expires, since its process was killed or its machine is gone; whoever comes then takes it,
with a greater token. The one of before, should it only have been slow, is fenced off: its transactions are refused.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from league.ledger import leases, schema
from league.ledger.ledger import Ledger
from marl.errors import RunError, UserError

LEAGUE = "league"  # what it is called among the leases


@contextmanager
def driving(ledger: Ledger, seconds: float) -> Iterator[None]:
    """Have a league for oneself; it is renewed until the end, and given back there.

    Raises UserError where another process has it, and says for how long still.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    token = _taken(ledger, owner, seconds)

    def fence(connection: Connection) -> None:
        mine = select(schema.leases.c.owner, schema.leases.c.token).where(schema.leases.c.item == LEAGUE)
        row = connection.execute(mine.with_for_update(read=True)).first()  # nobody takes it before we commit
        if row is None or row.token != token:
            raise RunError(
                f"{row.owner if row else 'another process'} has taken this league over, since this process was not "
                f"heard of for {seconds:g} s: nothing more is written here, and nothing is lost"
            )

    over = threading.Event()

    def renew() -> None:
        while not over.wait(seconds / 3):
            with suppress(RunError), ledger.writes(durable=False) as connection:  # the next time may do
                leases.renew(connection, owner, seconds)

    ledger.fence = fence
    thread = threading.Thread(target=renew, name="lease of the league", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(RunError), ledger.writes() as connection:
            leases.give_back(connection, LEAGUE, token)
        ledger.fence = None


def _taken(ledger: Ledger, owner: str, seconds: float) -> int:
    """Take the league; the token."""
    token = None
    with suppress(IntegrityError), ledger.engine.execution_options(writes=True).begin() as connection:
        token = leases.take(connection, LEAGUE, owner, seconds)
    if token is not None:
        return token
    with ledger.reads() as connection:
        row = connection.execute(select(schema.leases).where(schema.leases.c.item == LEAGUE)).one()
        left = row.expires - leases.now(connection)
    raise UserError(
        f"the ledger {ledger.where} is in use by {row.owner}: wait for it or stop it; if it is gone, its lease ends in "
        f"{max(left, 0):.0f} s"
    )
