"""Orders as the ledger can hold them: numpy's numbers are made plain, and what is of another type is said."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from league.orders import KEEPS, Order
from marl.job import Job
from marl.snapshot import canonical


def plain_order(order: Order) -> Order:
    """The same order, with plain numbers in its job where there are numpy's. What is no number stays as it is."""
    job = order.job
    changed = {name: plain(getattr(job, name)) for name in ("side", "seed", "params", "budget", "tasks")}
    return replace(order, job=replace(job, **changed))


def plain(value: Any) -> Any:
    """A value as JSON holds it, as far as it is made of mappings, lists, tuples and numpy's scalars."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    return value


def order_fault(order: Order) -> tuple[str, str] | None:
    """What is wrong with an order by itself, but for its job's players, and what would be right, or None."""
    if order.keep not in KEEPS:
        return f"keep is {order.keep!r}", "an order's keep is one of " + ", ".join(map(repr, KEEPS))
    if not isinstance(order.lineage, str) or not isinstance(order.role, str):
        return f"lineage and role are {order.lineage!r} and {order.role!r}", "an order's lineage and role are names"
    if fault := _job_type_fault(order.job):
        return fault
    if not order.work >= 0 or order.work == float("inf"):
        return f"its job's budget is {dict(order.job.budget)!r:.80}", "a job's budget is finite, and not negative"
    return None


def lineage_fault(order: Order, others: Sequence[Order]) -> tuple[str, str] | None:
    """What is wrong with a learner that is ordered while another of its orders is open, or None."""
    if not order.lineage or all(order.lineage != other.lineage for other in others):
        return None
    right = "one open order of a lineage at a time: its next slice once the last one is taken"
    return f"lineage {order.lineage!r} has an open order already", right


def _job_type_fault(job: Job) -> tuple[str, str] | None:
    for name, kind in (("algorithm", str), ("side", int), ("seed", int)):
        value = getattr(job, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            article = "an" if kind is int else "a"
            return f"Job.{name} is {value!r:.80}", f"{article} {kind.__name__}"
    if job.parent is not None and not isinstance(job.parent, str):
        return f"Job.parent is {job.parent!r:.80}", "the id of a checkpoint, or None,"
    for name in ("params", "budget"):
        if not isinstance(getattr(job, name), Mapping):
            return f"Job.{name} is {getattr(job, name)!r:.80}", "a dictionary"
    for unit, amount in job.budget.items():
        if not isinstance(amount, numbers.Real) or isinstance(amount, bool):
            return f"Job.budget has {amount!r:.80} for {unit!r}", "a number"
    written = asdict(job)  # parameters may be dataclasses
    try:
        canonical({"params": written["params"], "tasks": written["tasks"]})
    except (TypeError, ValueError) as error:
        return f"Job.params or Job.tasks cannot be written down ({error})", "what JSON can hold"
    return None
