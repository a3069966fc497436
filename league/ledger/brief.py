"""A few things of a large ledger, read without the rest: what takes no longer however long a league has gone on."""

from __future__ import annotations

from sqlalchemy import func, select

from league.iteration import Iteration
from league.ledger import iterations as written
from league.ledger import schema
from league.ledger.ledger import Ledger
from league.value import About


def payoff_count(ledger: Ledger) -> int:
    """How many payoff sums there are, at most."""
    with ledger.reads() as connection:
        return int(connection.execute(select(func.max(schema.payoffs.c.id))).scalar() or 0)


def last_iteration(ledger: Ledger) -> Iteration | None:
    """The last finished iteration."""
    table = schema.decisions
    query = select(table).where(table.c.kind == "mixtures").order_by(table.c.iteration.desc()).limit(1)
    with ledger.reads() as connection:
        row = connection.execute(query).first()
    return None if row is None else written.iteration(row.iteration, row.data, row.seconds, ledger.where)


def abouts(ledger: Ledger) -> dict[str, About]:
    """What people read of every measure, by name, those of the newest iteration first; without the mixtures beside."""
    table = schema.decisions
    about, measures = (table.c.data[name] for name in ("about", "measures"))
    query = select(about, measures).where(table.c.kind == "mixtures").order_by(table.c.iteration)
    with ledger.reads() as connection:
        rows = connection.execute(query).all()
    told = [{"about": one or {}, "measures": measured or {}} for one, measured in rows]
    return written.measured(told, ledger.where)
