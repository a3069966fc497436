"""Seldom: one agent acts for a long time before the other has its turn, and not everything is allowed.

Whoever collects a few ticks has no row of the late one: so it is tried what learns from nothing. `seldom` is a factory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.games import Match, OneByOne, Outcome, View
from marl.space import Box, Discrete
from marl.types import Array

LATE, LIMIT = 20, 24  # the tick at which the late one begins, and the end
CHOICES = 4
EARLY, TARDY = 0, 1


class Seldom(Match):
    """One match: the early one acts until tick `LATE`, then the late one; the last two choices decide it.

    At every tick one choice is forbidden, another one each time. `team`: both earn the same.
    """

    def __init__(self, team: bool) -> None:
        self.team = team

    def start(self) -> None:
        """Begin; where the forbidden choices begin is left to chance."""
        self.tick, self.last, self.first = 0, [0, 0], int(self.chance() * CHOICES)

    @property
    def forbidden(self) -> int:
        """The choice that is against the rules now."""
        return (self.first + self.tick) % CHOICES

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        agent = EARLY if self.tick < LATE else TARDY
        return {agent: View(self.observe(agent), np.arange(CHOICES) != self.forbidden)}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        for agent, action in actions.items():
            self.last[agent] = int(action)
        self.tick += 1
        if self.tick < LIMIT:
            return Outcome()
        won = 1.0 if self.last[EARLY] % 2 == self.last[TARDY] % 2 else -1.0
        return Outcome({EARLY: won, TARDY: won if self.team else -won}, done=True)

    def observe(self, agent: int) -> Array:
        """What an agent sees."""
        return np.array([self.tick / LIMIT, *(np.arange(CHOICES) == self.last[EARLY])], dtype=np.float32)

    def state(self) -> Array:
        """The true state."""
        return np.array([self.tick / LIMIT, self.first, *self.last], dtype=np.float32)

    def illegal(self, agent: int, action: Any) -> Outcome:
        """Who breaks the rules loses."""
        other = -1.0 if self.team else 1.0
        return Outcome({agent: -1.0, 1 - agent: other}, done=True, fault=agent)

    def render(self) -> Frame:
        """The match as text."""
        return Frame(f"tick {self.tick}: {self.last}, not {self.forbidden}", "")


def spec(team: bool) -> EnvSpec:
    """Two sides against each other, or one team of both; each agent is a group of its own."""
    seen, choice = Box((1 + CHOICES,), 0, 1), Discrete(CHOICES)
    return EnvSpec(
        agents=("early", "late"),
        groups=(Group("early", (EARLY,), seen, choice), Group("late", (TARDY,), seen, choice)),
        sides=((EARLY, TARDY),) if team else ((EARLY,), (TARDY,)),
        dynamics="simultaneous" if team else "turns",
        max_length=LIMIT,
        returns=(-2, 2) if team else (-1, 1),
        state=Box((4,)),
        zero_sum=not team,
    )


def seldom(lanes: int, team: bool = False) -> OneByOne:
    """That many lanes of it."""
    return OneByOne(spec(team), lanes, lambda: Seldom(team))
