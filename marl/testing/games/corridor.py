"""Corridor: one agent walks to the end of a corridor, as long as its task says. For tests of tasks and curricula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import Frame
from marl.games import ForkableOneByOne, Match, Outcome, View, one_agent_spec
from marl.space import Box, Discrete
from marl.tasks import Tasks
from marl.types import Array

LENGTHS = (1, 2, 4, 8)
SPEC = one_agent_spec(
    Box((2,), 0, 1), Discrete(2), 2 * LENGTHS[-1], (0.0, 1.0), Tasks(tuple(f"{length}_cells" for length in LENGTHS))
)


class Corridor(Match):
    """One match: back (0) or forth (1); a gust may hold the walker where it is."""

    def start(self) -> None:
        """Deal, or put everything at its place."""
        self.length, self.place, self.tick = LENGTHS[self.task], 0, 0

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        return {0: View(self.observe(0))}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        self.tick += 1
        if self.chance() < 0.9:
            self.place = max(0, self.place + (1 if actions[0] == 1 else -1))
        if self.place == self.length:
            return Outcome({0: 1.0}, done=True)
        return Outcome(truncated={0}) if self.tick == 2 * self.length else Outcome()

    def observe(self, agent: int) -> Array:
        """What an agent sees."""
        return np.array([self.place / LENGTHS[-1], self.length / LENGTHS[-1]], dtype=np.float32)

    def render(self) -> Frame:
        """The match as text."""
        return Frame("." * self.place + "@" + "." * (self.length - self.place), "")


def corridor(lanes: int) -> ForkableOneByOne:
    """Corridors with that many lanes."""
    return ForkableOneByOne(SPEC, lanes, Corridor)
