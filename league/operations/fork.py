"""A league as it was at the end of an iteration, as a run of its own that goes another way from there.

The copy is taken in one transaction of the ledger, so the league that it comes from may be running, and on PostgreSQL.
What came after that iteration is left out: players, payoffs, decisions, operations, and orders that were not asked for
yet. So the copy goes on, bit for bit, as the league itself went on, unless its settings change.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from league.ledger import Ledger, schema
from league.reader import open_ledger
from marl.errors import RunError, UserError
from marl.registry import Registry
from marl.run import journal
from marl.run.branch import copy
from marl.run.rules import rules
from marl.scenario import FILE, load_run, load_scenario, write

LOCAL = ["ledger=null"]  # what a fork of a shared league has instead


def fork(run: Path, new: Path, at: int | None, registry: Registry) -> int:
    """Make `new` the league in `run` as it was at the end of iteration `at` (by default the last one); that iteration.

    Nothing in `run` is written. Raises UserError where there is no such iteration, or `new` is there already.
    """
    scenario = load_run(run, registry)
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise UserError(f"{new} is there already: choose a directory that is not, for the fork")
    draft = new.with_name(f".{new.name}.fork")
    ledger = open_ledger(run)
    try:
        done = [one.number for one in ledger.iterations()]
        at = done[-1] if at is None and done else at
        if at not in done:
            raise UserError(f"{run} has no iteration {at}: its last one is {done[-1] if done else 'not finished yet'}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        copied = Ledger.at(draft)
        try:
            _copy(ledger, copied, at)
        finally:
            copied.close()
        for name in rules(scenario.config).files:
            if not name.startswith("ledger"):
                copy(run / name, draft / name)
        _settled(run, draft, at, registry)
        draft.replace(new)
    except OSError as error:
        raise RunError(f"{run} cannot be copied to {new}: {error.strerror or error}") from error
    finally:
        ledger.close()
        shutil.rmtree(draft, ignore_errors=True)
    return at


def _settled(run: Path, draft: Path, at: int, registry: Registry) -> None:
    """The scenario by which iteration `at` was done, and a journal that ends there."""
    entries = journal.read(run)
    kept = [one for n, one in enumerate(entries) if n == 0 or one.at.get("iteration", 0) < at]
    text = kept[-1].scenario if kept else journal.written(run)
    (draft / FILE).write_text(text)
    shared = getattr(load_run(draft, registry).config, "ledger", None)
    scenario = load_scenario(draft / FILE, LOCAL if shared else [], registry)
    write(scenario, registry, draft)
    journal.forked(run, draft, kept, scenario.text, {"iteration": at})


def _copy(source: Ledger, target: Ledger, at: int) -> None:
    """All rows that were there at the end of an iteration."""
    isolated = source.engine.execution_options(isolation_level="REPEATABLE READ") if _shared(source) else source.engine
    with isolated.connect() as reader, target.writes() as connection:
        for table in schema.metadata.sorted_tables:
            if table in (schema.leases, schema.schema_version):
                continue
            rows = [dict(row) for row in reader.execute(select(table)).mappings()]
            if rows:
                connection.execute(insert(table), rows)
        _cut(connection, at)


def _shared(ledger: Ledger) -> bool:
    return ledger.engine.dialect.name != "sqlite"


def _cut(connection: Connection, at: int) -> None:
    """Take back what came after the end of an iteration."""
    decisions, players, payoffs, operations = schema.decisions, schema.players, schema.payoffs, schema.operations
    ended = (decisions.c.kind == "mixtures", decisions.c.iteration == at)
    saw = connection.execute(select(decisions.c.saw_player, decisions.c.saw_payoff).where(*ended)).one()
    connection.execute(delete(decisions).where(decisions.c.iteration > at))
    connection.execute(delete(decisions).where(decisions.c.kind == "finished", decisions.c.iteration == at))
    connection.execute(delete(payoffs).where(payoffs.c.id > saw.saw_payoff))
    connection.execute(delete(players).where(players.c.id > saw.saw_player))
    connection.execute(update(players).where(players.c.retired > at).values(retired=None))
    later = or_(operations.c.iteration.is_(None), operations.c.iteration > at)
    settings = (operations.c.kind == "set", operations.c.iteration == at)  # which took effect after it
    connection.execute(delete(operations).where(or_(later, *[settings[0] & settings[1]])))
    _cut_orders(connection, at)


def _cut_orders(connection: Connection, at: int) -> None:
    """Orders that were asked for by then, as they stood: taken, begun, or neither."""
    orders, jobs = schema.orders, schema.jobs
    gone = set(connection.execute(select(orders.c.job).where(orders.c.asked >= at)).scalars())
    connection.execute(delete(orders).where(orders.c.asked >= at))
    kept = set(connection.execute(select(orders.c.job)).scalars())
    lost = list(gone - kept)
    for start in range(0, len(lost), 500):
        connection.execute(delete(jobs).where(jobs.c.id.in_(lost[start : start + 500])))
    known: set[str] = kept
    if not known and not gone:  # a ledger from before there were orders
        connection.execute(delete(jobs).where(jobs.c.iteration > at))
    connection.execute(update(orders).where(orders.c.taken > at).values(taken=None, place=None))
    rows = connection.execute(select(orders).order_by(orders.c.number)).mappings().all()
    for row in rows:
        if row["taken"] is None and row["begun"] is not None and not _had_begun(row, rows):
            blank: dict[str, Any] = {"worker": None, "begun": None, "due": None}
            connection.execute(update(orders).where(orders.c.number == row["number"]).values(**blank))


def _had_begun(order: Any, rows: Any) -> bool:
    """Whether a logical worker had an open order already: it began before now, or the moment that it was asked for.

    One that began now, later than it was asked for, begins again when the league goes on, at the same time.
    """

    def moment(iteration: float) -> float:
        return max((row["due"] for row in rows if row["taken"] is not None and row["taken"] <= iteration), default=0.0)

    now = moment(float("inf"))
    return bool(order["begun"] < now or (order["begun"] == now == moment(order["asked"])))
