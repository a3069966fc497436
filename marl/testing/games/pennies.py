"""Matching pennies: both agents show a side at once; the first wins when they are alike. No chance, one tick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.games import Match, OneByOne, Outcome, View
from marl.space import Box, Discrete
from marl.types import Array

SPEC = EnvSpec(
    agents=("matcher", "hider"),
    groups=(Group("players", (0, 1), Box((1,), 0, 1), Discrete(2)),),
    sides=((0,), (1,)),
    dynamics="simultaneous",
    max_length=1,
    returns=(-1, 1),
    zero_sum=True,
)


class Pennies(Match):
    """One match."""

    def start(self) -> None:
        """Deal, or put everything at its place."""
        self.shown: list[int] = []

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        return {agent: View(self.observe(agent)) for agent in (0, 1)}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        self.shown = [int(actions[0]), int(actions[1])]
        won = 1.0 if actions[0] == actions[1] else -1.0
        return Outcome({0: won, 1: -won}, done=True)

    def observe(self, agent: int) -> Array:
        """There is nothing to see but that one is there."""
        return np.ones(1, dtype=np.float32)

    def illegal(self, agent: int, action: Any) -> Outcome:
        """Who breaks the rules loses."""
        return Outcome({agent: -1.0, 1 - agent: 1.0}, done=True, fault=agent)

    def render(self) -> Frame:
        """The match as text."""
        return Frame(" ".join("HT"[side] for side in self.shown) or "hidden", "")


def matching_pennies(lanes: int) -> OneByOne:
    """Matching pennies with that many lanes."""
    return OneByOne(SPEC, lanes, Pennies)
