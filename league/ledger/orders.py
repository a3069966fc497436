"""The orders of a league in its ledger: what was asked for, who does it, what came of it, and when that was taken.

A job is *asked* for; it is *leased* while somebody works on it; it is *done* once its outcome is written down, which
takes the token of its newest lease. Orders that are done wait for their turn, and are *taken*: then players join.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from league.ledger import leases, schema
from league.ledger.ledger import Ledger, insert_player
from league.orders import Lineage, Order, Outcome
from league.player import Player
from league.work.clock import Clock, Span
from marl.job import Job

_LEASE = 3600.0  # seconds; a run directory has one process at a time, so a lease only says who it was

# Built once, as they are executed for every order: SQLAlchemy takes longer to build a statement than SQLite to do it.
_LAST = select(func.max(schema.orders.c.number))
_PLACE = select(func.max(schema.orders.c.place))
_JOB = select(schema.orders.c.job).where(schema.orders.c.number == bindparam("of"))
_CHANGE = update(schema.orders).where(schema.orders.c.number == bindparam("of"))
_FINISH = update(schema.jobs).where(schema.jobs.c.id == _JOB.scalar_subquery(), schema.jobs.c.snapshot == "")


@dataclass(frozen=True)
class Open:
    """An order that was not taken yet: its number, the iteration after which it was asked for, its place on the logical
    clock once it has one, and what came of it once it is done."""

    number: int
    order: Order
    asked: int
    span: Span | None = None
    outcome: Outcome | None = None


class Orders:
    """The tables `orders` and `jobs` of a ledger. Each method that writes is one committed transaction.

    Only what came of a job waits for the disk: what else a power cut takes back is decided again, and in the same way.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def open(self) -> list[Open]:
        """The orders that were not taken yet, in the order of their numbers."""
        orders, jobs = schema.orders, schema.jobs
        columns: list[Any] = [
            orders,
            *(jobs.c[name] for name in ("spec", "snapshot", "checkpoint", "metrics", "seconds")),
        ]
        query = select(*columns).join(jobs, orders.c.job == jobs.c.id).where(orders.c.taken.is_(None))
        with self.ledger.reads() as connection:
            rows = connection.execute(query.order_by(orders.c.number)).all()
        return [_open(row) for row in rows]

    def lineages(self) -> dict[str, Lineage]:
        """What every learner has come to, by the orders that were taken."""
        orders, jobs = schema.orders, schema.jobs
        done = select(orders.c.lineage, func.count().label("done"), func.max(orders.c.place).label("last"))
        newest = done.where(orders.c.taken.is_not(None)).group_by(orders.c.lineage).subquery()
        query = (
            select(newest.c.lineage, newest.c.done, jobs.c.snapshot, jobs.c.checkpoint, jobs.c.metrics)
            .join(orders, orders.c.place == newest.c.last)
            .join(jobs, orders.c.job == jobs.c.id)
        )
        with self.ledger.reads() as connection:
            rows = connection.execute(query.order_by(newest.c.lineage)).all()
        return {row.lineage: Lineage(row.done, row.snapshot, row.checkpoint, row.metrics) for row in rows}

    def now(self) -> float:
        """When the last order that was taken was due, by the logical clock."""
        query = select(func.max(schema.orders.c.due)).where(schema.orders.c.taken.is_not(None))
        with self.ledger.reads() as connection:
            return float(connection.execute(query).scalar() or 0.0)

    def asked(self) -> int:
        """The iteration after which anything was asked for last; -1 where nothing was."""
        with self.ledger.reads() as connection:
            last = connection.execute(select(func.max(schema.orders.c.asked))).scalar()
        return -1 if last is None else int(last)

    def taken(self, iteration: int) -> list[int]:
        """The numbers of the orders that were taken in an iteration."""
        query = select(schema.orders.c.number).where(schema.orders.c.taken == iteration)
        with self.ledger.reads() as connection:
            return list(connection.execute(query.order_by(schema.orders.c.place)).scalars())

    def states(self) -> dict[int, Literal["asked", "leased", "done"]]:
        """How far every open order is."""
        with self.ledger.reads() as connection:
            held = leases.live(connection)
        return {
            one.number: "done" if one.outcome else "leased" if item(one.number) in held else "asked"
            for one in self.open()
        }

    def fault(self) -> str:
        """What does not fit together here, in words, or ""."""
        orders, jobs = schema.orders, schema.jobs
        undone = (jobs.c.id.is_(None), orders.c.taken.is_not(None) & (jobs.c.snapshot == ""))
        query = select(orders.c.number, orders.c.job, jobs.c.id).outerjoin(jobs, orders.c.job == jobs.c.id)
        with self.ledger.reads() as connection:
            row = connection.execute(query.where(or_(*undone)).order_by(orders.c.number)).first()
        if row is None:
            return ""
        what = "is not in the table jobs" if row.id is None else "was taken, and nothing came of it"
        return f"the job {row.job} of order {row.number} {what}"

    def add(self, orders: Sequence[Order], asked: int, clock: Clock) -> list[Open]:
        """Write down what a strategy asked for after an iteration, all or none, and which of it `clock` lets begin.

        A job that is known is not done again.
        """
        if not orders:
            return []
        with self.ledger.writes(durable=False) as connection:
            last = connection.execute(_LAST).scalar() or 0
            numbered = list(enumerate(orders, last + 1))
            known = _outcomes(connection, [order.job.id for order in orders])
            fresh = {order.job.id: order.job for order in orders if order.job.id not in known}
            blank = {"iteration": asked + 1, "snapshot": "", "metrics": {}, "seconds": 0.0}
            if fresh:
                rows = [{"id": id, "spec": asdict(job), **blank} for id, job in fresh.items()]
                connection.execute(insert(schema.jobs), rows)
            spans = {number: clock.begin(number, order.work) for number, order in numbered}
            connection.execute(insert(schema.orders), [_row(*one, asked, spans[one[0]]) for one in numbered])
        return [Open(number, order, asked, spans[number], known.get(order.job.id)) for number, order in numbered]

    def drop(self, numbers: Collection[int]) -> None:
        """Forget orders that were not taken. A job that nobody has done goes with the last order of it."""
        orders, jobs = schema.orders, schema.jobs
        with self.ledger.writes() as connection:
            these = (orders.c.number.in_(numbers), orders.c.taken.is_(None))
            mine = list(connection.execute(select(orders.c.job).where(*these)).scalars())
            connection.execute(delete(orders).where(*these))
            others = select(orders.c.job)
            undone = (jobs.c.id.in_(mine), jobs.c.snapshot == "", jobs.c.id.not_in(others))
            connection.execute(delete(jobs).where(*undone))
            leases.drop(connection, [item(number) for number in numbers])

    def begin(self, spans: Mapping[int, Span]) -> None:
        """Write down which logical workers have which orders, and when they will be done by the logical clock."""
        if spans:
            with self.ledger.writes(durable=False) as connection:
                _begin(connection, spans)

    def lease(self, number: int, owner: str) -> int:
        """Take an order that is not done, from whoever may have had it; the token that its outcome must show."""
        with self.ledger.writes(durable=False) as connection:
            token = leases.take(connection, item(number), owner, _LEASE, seize=True)
        assert token is not None, "an order that is done is not leased"
        return token

    def finish(self, number: int, token: int, outcome: Outcome) -> bool:
        """Write down what came of an order, whose blobs are stored; False where somebody took it over meanwhile."""
        numbers = ((name, math.nan if value is None else float(value)) for name, value in outcome.metrics.items())
        metrics = {name: value if math.isfinite(value) else None for name, value in numbers}
        values = {**asdict(outcome), "metrics": metrics}
        with self.ledger.writes() as connection:
            if not leases.finish(connection, item(number), token):
                return False
            connection.execute(_FINISH, {"of": number, **values})
        return True

    def take(self, number: int, iteration: int, players: Collection[Player], begun: Mapping[int, Span]) -> list[int]:
        """An order's turn has come, in an iteration: these players join by it, and these orders begin. Their ids."""
        with self.ledger.writes(durable=False) as connection:
            place = 1 + (connection.execute(_PLACE).scalar() or 0)
            job = connection.execute(_JOB, {"of": number}).scalar_one()
            connection.execute(_CHANGE, {"of": number, "taken": iteration, "place": place})
            _begin(connection, begun)
            return [insert_player(connection, player, job) for player in players]


def item(number: int) -> str:
    """What an order is called among the leases."""
    return f"order {number}"


def _row(number: int, order: Order, asked: int, span: Span | None) -> dict[str, Any]:
    placed = asdict(span) if span is not None else dict.fromkeys(("worker", "begun", "due"))
    more = {"lineage": order.lineage, "role": order.role, "keep": order.keep}
    return {"number": number, "job": order.job.id, "asked": asked, **more, **placed}


def _outcomes(connection: Connection, ids: Sequence[str]) -> dict[str, Outcome | None]:
    """What came of these jobs, as far as they are known; None where that is not done yet."""
    jobs = schema.jobs.c
    columns = (jobs.id, jobs.snapshot, jobs.checkpoint, jobs.metrics, jobs.seconds)
    rows = connection.execute(select(*columns).where(jobs.id.in_(ids))).all()
    return {row.id: Outcome(*row[1:]) if row.snapshot else None for row in rows}


def _begin(connection: Connection, spans: Mapping[int, Span]) -> None:
    for number, span in spans.items():
        connection.execute(_CHANGE, {"of": number, **asdict(span)})


def _job(spec: Any) -> Job:
    opponents = tuple(tuple((id, float(weight)) for id, weight in mixture) for mixture in spec["opponents"])
    joint = spec.get("joint")
    drawn = None if joint is None else tuple((tuple(ids), float(weight)) for ids, weight in joint)
    return Job(**{**spec, "opponents": opponents, "joint": drawn})


def _open(row: Any) -> Open:
    order = Order(_job(row.spec), row.lineage, row.role, row.keep)
    span = None if row.worker is None else Span(row.worker, row.begun, row.due)
    outcome = Outcome(row.snapshot, row.checkpoint, row.metrics, row.seconds) if row.snapshot else None
    return Open(row.number, order, row.asked, span, outcome)
