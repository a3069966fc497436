"""The environment under test, and the matches that several checks look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from marl import rng
from marl.env import Environment, EnvSpec
from marl.errors import UserError
from marl.testing.drive import Driver, Record
from marl.types import Keys

Factory: TypeAlias = Callable[[int], Environment]


@dataclass(frozen=True)
class Reference:
    """An environment of the same game to agree with.

    `seeds` maps our seeds `uint64[B]` to those that make the reference's chance decide alike; None for games without
    chance. Observations are compared only where the two mean to show the same.
    """

    factory: Factory
    seeds: Callable[[Keys], Keys] | None = None
    observations: bool = True


@dataclass(frozen=True)
class Subject:
    """What the checks are given: how to make the environment, and how much to play."""

    factory: Factory
    seed: int = 0
    matches: int = 5
    ticks: int = 150
    reference: Reference | None = None
    chance: bool | None = None

    def __post_init__(self) -> None:
        if self.matches < 3 or self.ticks < 1:
            raise UserError(f"the checks need 3 matches and a tick at least, not {self.matches} and {self.ticks}")

    def make(self, lanes: int) -> Environment:
        """A fresh environment."""
        return self.factory(lanes)

    @cached_property
    def spec(self) -> EnvSpec:
        """The environment's."""
        return self.make(1).spec

    @cached_property
    def limit(self) -> int:
        """How many ticks the main matches are played: to their end, or `ticks`."""
        return min(self.ticks, self.spec.max_length + 1)

    @cached_property
    def short(self) -> int:
        """How many ticks are enough for comparisons."""
        return min(self.limit, 30)

    def seeds(self, group: int = 0) -> list[int]:
        """`matches` seeds; the first of the first group is the largest that there is."""
        drawn = rng.mix(self.seed, group, np.arange(self.matches)).tolist()
        return [2**64 - 1, *drawn[1:]] if group == 0 else drawn

    @cached_property
    def played(self) -> tuple[Driver, Exception | None]:
        """Matches played to the end (or to the limit), with the lanes in no particular order; what stopped them."""
        driver = Driver(self.make(self.matches))
        order = [*range(1, self.matches), 0]
        try:
            driver.reset(order, [self.seeds()[lane] for lane in order])
            driver.run(self.limit)
        except Exception as error:
            return driver, error
        return driver, None

    @property
    def main(self) -> Driver:
        """The driver that played the main matches, as far as they could be played."""
        return self.played[0]

    @cached_property
    def records(self) -> list[Record]:
        """The main matches, by lane."""
        return sorted((r for r in self.main.records if r.moments), key=lambda record: record.lane)

    @cached_property
    def others(self) -> list[Record]:
        """Other matches, played for fewer ticks."""
        driver = Driver(self.make(self.matches))
        driver.reset(range(self.matches), self.seeds(1))
        driver.run(self.short)
        return driver.records

    @cached_property
    def known(self) -> dict[int, Record]:
        """The main and the other matches by seed."""
        return {record.seed: record for record in [*self.others, *self.records]}
