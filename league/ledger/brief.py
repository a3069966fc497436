"""A few things of a large ledger, read without the rest: what takes no longer however long a league has gone on."""

from __future__ import annotations

from sqlalchemy import String, cast, func, or_, select, type_coerce

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
    text = type_coerce(table.c.data, String) if ledger.engine.dialect.name == "sqlite" else cast(table.c.data, String)
    query = select(table.c.data).where(table.c.kind == "mixtures").order_by(table.c.iteration)
    newest = select(func.max(table.c.iteration)).where(table.c.kind == "mixtures").scalar_subquery()
    with ledger.reads() as connection:  # most iterations say nothing new of measures, and their mixtures are long
        rows = connection.execute(query.where(or_(text.contains('"about"'), table.c.iteration == newest))).all()
    return written.measured([row.data for row in rows], ledger.where)
