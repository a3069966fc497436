"""A job as an item of work: what goes to a worker, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marl.job import Job


@dataclass(frozen=True)
class JobItem:
    """An order to be done: its number, the token of its lease, the iteration for which it was asked, and its job.

    `side` names who learns, for people: the sides that it plays, and the lineage where there is one.
    """

    number: int
    token: int
    iteration: int
    job: Job
    side: str
    keeps: bool
    """Whether its checkpoint is worth its space."""


@dataclass(frozen=True)
class Logged:
    """What an algorithm logs while it trains, at so many environment steps."""

    step: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Warned:
    """A sentence for whoever runs the league."""

    text: str
