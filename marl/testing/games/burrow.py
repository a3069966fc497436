"""Burrow: a few places for animals that are born and die within a match, and now and then nobody is left.

Who lives is a number of its own (the how manieth birth of the match), which it sees and is paid, so that whoever joins
what two lives did is found out. A place that becomes empty may be taken at the same tick, later, or never; some are
empty at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.space import Box, Discrete
from marl.types import Array

PLACES, LIMIT = 3, 12
SPEC = EnvSpec(
    agents=tuple(f"animal_{place}" for place in range(PLACES)),
    groups=(Group("animals", tuple(range(PLACES)), Box((2,), 0, PLACES * (LIMIT + 1)), Discrete(2)),),
    sides=(tuple(range(PLACES)),),
    dynamics="simultaneous",
    max_length=LIMIT,
    returns=(0, PLACES * LIMIT * PLACES * (LIMIT + 1)),
    births=True,
    info={"births": "so far", "living": "who lives after this tick, those born at it with them"},
)


class Burrow(Match):
    """One match. Whoever stays (0) dies with a chance of one third, whoever digs (1) of two thirds."""

    def start(self) -> None:
        """Everybody but animal 1 is born."""
        self.tick, self.births = 0, 0
        self.life: dict[int, int] = {}  # by place
        self.age: dict[int, int] = {}
        for place in (0, 2):
            self._born(place)

    def views(self) -> Mapping[int, View]:
        """What the living see."""
        return {place: View(self.observe(place)) for place in self.life}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """Everybody living is paid its number; some die, and some places are taken."""
        self.tick += 1
        rewards = {place: float(life) for place, life in self.life.items()}
        dead = {place for place in actions if self.chance() < (1 + int(actions[place])) / 3}
        for place in self.life:
            self.age[place] += 1
        final = {place: self.observe(place) for place in self.life}
        over = self.tick == LIMIT
        for place in dead:
            del self.life[place]
        living = set(self.life)
        for place in range(PLACES):
            if place not in self.life and self.chance() < 0.4 and not over:
                self._born(place)
        info = {"births": self.births, "living": len(self.life)}
        return Outcome(rewards, dead, living if over else set(), done=over, final=final, info=info)

    def observe(self, agent: int) -> Array:
        """The number of the life, and its age."""
        return np.array([self.life[agent], self.age[agent]], dtype=np.float32)

    def render(self) -> Frame:
        """The places."""
        return Frame(f"tick {self.tick}: " + " ".join(str(self.life.get(place, ".")) for place in range(PLACES)), "")

    def _born(self, place: int) -> None:
        self.births += 1
        self.life[place], self.age[place] = self.births, 0


def burrow(lanes: int) -> ForkableOneByOne:
    """Burrow with that many lanes."""
    return ForkableOneByOne(SPEC, lanes, Burrow)
