"""The items of a league: what goes to a worker, and what a worker tells while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from league.payoffs.source import Asked
from marl.job import Job
from marl.run.players import Contestant
from marl.scenario import Component
from marl.snapshot import JSON


@dataclass(frozen=True)
class JobItem:
    """An order to be done: its number, the token of its lease, the iteration for which it was asked, and its job.

    `side` names who learns, for people: the sides that it plays, and the lineage where there is one. What comes back is
    an `Outcome`.
    """

    number: int
    token: int
    iteration: int
    job: Job
    side: str
    keeps: bool
    """Whether its checkpoint is worth its space."""

    @property
    def names(self) -> dict[str, JSON]:
        """What it is, however often it is tried: what is said of it bears these names in metrics.jsonl."""
        return {"job": self.job.id}

    def __str__(self) -> str:
        return f"a job of {self.job.algorithm} for {self.side}"


@dataclass(frozen=True)
class CheckItem:
    """May this be ordered? The algorithm is made and asked.

    What comes back is the checkpoint that the job starts from: its parent, or what was made of the networks of `start`.
    """

    iteration: int
    job: Job
    start: Contestant | None = None

    @property
    def names(self) -> dict[str, JSON]:
        """What it is, however often it is tried: what is said of it bears these names in metrics.jsonl."""
        return {"asked": self.job.id}

    def __str__(self) -> str:
        return f"a look at a job of {self.job.algorithm}"


@dataclass(frozen=True)
class CellsItem:
    """Payoffs to be found, in an iteration. What comes back is a list of `PayoffRow`, one for each that is asked."""

    iteration: int
    asked: tuple[Asked, ...]

    @property
    def names(self) -> dict[str, JSON]:
        """What it is, however often it is tried: what is said of it bears these names in metrics.jsonl."""
        return {"pairing": list(self.asked[0].pairing), "before": self.asked[0].before}

    def __str__(self) -> str:
        return f"the payoffs of {len(self.asked)} pairing{'s' if len(self.asked) > 1 else ''}"


@dataclass(frozen=True)
class PartItem:
    """One part of a measure that has parts, in an iteration: what its `part` is called with."""

    iteration: int
    measure: Component
    number: int
    part: Any

    @property
    def names(self) -> dict[str, JSON]:
        """What it is, however often it is tried: what is said of it bears these names in metrics.jsonl."""
        return {"iteration": self.iteration, "measure": self.measure.name, "part": self.number}

    def __str__(self) -> str:
        return f"the measure {self.measure.name}"


Item: TypeAlias = JobItem | CheckItem | CellsItem | PartItem


@dataclass(frozen=True)
class Logged:
    """What an algorithm logs while it trains, at so many environment steps. `apart`: whom it trains who never joins."""

    step: int
    values: Mapping[str, float]
    apart: str = ""


@dataclass(frozen=True)
class Warned:
    """A sentence for whoever runs the league."""

    text: str
