"""Environments that fail now and then: how many failures a run puts up with, and what a play needs to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from marl.arena.failure import EnvironmentFailed
from marl.env import Environment, LanesFailed
from marl.registry.ranges import at_least

T = TypeVar("T")
_HOW = "`marl resume RUN failures.allowed=10`"


@dataclass
class Failures:
    """Failures of an environment that are put up with: at most `allowed` while any `per` matches are begun.

    A match that failed is void: it is played again with another seed, which follows from its own. No result and no row
    of it is used but rows that an update had before.
    """

    allowed: int = 0
    """How many times the environment may fail; at 0 its first failure ends the run."""
    per: int = 10_000
    """Among how many matches in a row."""

    def __post_init__(self) -> None:
        at_least(self, 0, "allowed")
        at_least(self, 1, "per")


@dataclass
class Tolerance:
    """What a play does when its environment fails.

    `make` makes a new environment with so many lanes, for one that failed as a whole; `told` hears of each failure.
    """

    limit: Failures
    make: Callable[[int], Environment]
    told: Callable[[EnvironmentFailed], None]


@dataclass
class Count:
    """The failures of a play, by how many matches were begun before each; only those that still count."""

    limit: Failures = field(default_factory=Failures)
    at: list[int] = field(default_factory=list)

    def add(self, started: int) -> bool:
        """Count one more; whether it can be put up with."""
        self.at = [*(before for before in self.at if before > started - self.limit.per), started]
        return len(self.at) <= self.limit.allowed

    def __str__(self) -> str:
        allowed, per = self.limit.allowed, self.limit.per
        if allowed == 0:
            return f"where this is rare and cannot be mended, such matches can be void: {_HOW}"
        return f"it failed {len(self.at)} times within {per:,} matches, and failures.allowed is {allowed}"


def attempt(call: Callable[[], T]) -> tuple[T | None, LanesFailed | None]:
    """What a call to an environment gives, for all lanes or for those that did not fail."""
    try:
        return call(), None
    except LanesFailed as failed:
        rest: T | None = failed.rest  # type: ignore[assignment]  # what the call would have given, of fewer lanes
        return rest, failed
