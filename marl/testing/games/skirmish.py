"""Skirmish: two teams of a scout and a tank. It uses every power that an environment has, in a few lines each.

Scouts choose (where to hide, whether to spot) under a mask and see a tree; tanks aim with two real numbers. A tank hits
harder what its scout spotted. Agents die at different times; a team without agents has lost; at the last tick whoever
lives is cut short. Ammunition runs out, so that masks change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl.types import Array, ArrayTree

LIMIT = 12
SCOUTS, TANKS = (0, 2), (1, 3)
HEALTH = {0: 2.0, 1: 3.0, 2: 2.0, 3: 3.0}
FLARES = 3
SPEC = EnvSpec(
    agents=("red_scout", "red_tank", "blue_scout", "blue_tank"),
    groups=(
        Group(
            "scouts", SCOUTS, Tree({"health": Box((4,), 0, 3), "flares": Discrete(FLARES + 1)}), MultiDiscrete((3, 2))
        ),
        Group("tanks", TANKS, Box((5,), 0, 3), Box((2,), -1, 1)),
    ),
    sides=((0, 1), (2, 3)),
    dynamics="simultaneous",
    max_length=LIMIT,
    returns=(-20, 20),
    state=Box((9,), 0, LIMIT),
    zero_sum=True,
    symmetric=True,
    info={"hits": "how many shots hit at this tick"},
)


class Skirmish(Match):
    """One match."""

    def start(self) -> None:
        """Deal, or put everything at its place."""
        self.health = np.array([HEALTH[agent] for agent in range(4)], dtype=np.float32)
        self.flares = dict.fromkeys(SCOUTS, FLARES)
        self.cover = dict.fromkeys(SCOUTS, 0)
        self.tick = 0

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        return {agent: self._view(agent) for agent in range(4) if self.health[agent] > 0}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        self.tick += 1
        before = self.health.copy()
        spotted = self._scout(actions)
        hits = sum(self._shoot(tank, actions[tank], spotted) for tank in TANKS if tank in actions)
        dead = {agent for agent in range(4) if before[agent] > 0 and self.health[agent] <= 0}
        lost = before - self.health
        rewards = {agent: float(lost[2:].sum() - lost[:2].sum()) / 2 * (1 if agent < 2 else -1) for agent in actions}
        rewards = _share(rewards)
        red, blue = self.health[:2].sum(), self.health[2:].sum()
        over = bool(red <= 0 or blue <= 0)
        living = {agent for agent in range(4) if self.health[agent] > 0}
        late = living if self.tick == LIMIT and not over else set()
        return Outcome(rewards, dead, late, done=over or self.tick == LIMIT, info={"hits": hits})

    def observe(self, agent: int) -> ArrayTree:
        """What an agent sees."""
        health = self.health if agent < 2 else np.roll(self.health, 2)  # the own team comes first
        if agent in SCOUTS:
            return {"health": health.copy(), "flares": np.int64(self.flares[agent])}
        return np.append(health, np.float32(self.tick / LIMIT))

    def illegal(self, agent: int, action: Any) -> Outcome:
        """The team of who broke the rules loses ten points to the other."""
        living = [other for other in range(4) if self.health[other] > 0]
        sign = {other: -1.0 if (other < 2) == (agent < 2) else 1.0 for other in living}
        return Outcome(_share({other: 10 * sign[other] for other in living}), done=True, fault=agent)

    def state(self) -> Array:
        """The true state of the match."""
        extra = [self.flares[0], self.flares[2], self.cover[0], self.cover[2], self.tick]
        return np.concatenate([self.health, extra]).astype(np.float32)

    def render(self) -> Frame:
        """The match as text."""
        bars = [f"{name} {'#' * int(np.ceil(health))}" for name, health in zip(SPEC.agents, self.health, strict=True)]
        drawn = "".join(
            f'<rect x="0" y="{20 * agent}" width="{30 * float(health)}" height="16"/>'
            for agent, health in enumerate(self.health)
        )
        return Frame(
            f"tick {self.tick}\n" + "\n".join(bars),
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 80">{drawn}</svg>',
        )

    def _view(self, agent: int) -> View:
        if agent not in SCOUTS:
            return View(self.observe(agent))
        mask = np.ones(5, dtype=np.bool_)
        mask[self.cover[agent]] = self.tick == 0  # nobody hides twice in one place
        mask[4] = self.flares[agent] > 0
        return View(self.observe(agent), mask)

    def _scout(self, actions: Mapping[int, Any]) -> dict[int, bool]:
        spotted = dict.fromkeys(SCOUTS, False)
        for scout in SCOUTS:
            if scout in actions:
                self.cover[scout], flare = int(actions[scout][0]), int(actions[scout][1])
                self.flares[scout] -= flare
                spotted[scout] = bool(flare)
        return spotted

    def _shoot(self, tank: int, aim: Array, spotted: Mapping[int, bool]) -> int:
        """Aim right for the scout and left for the tank; the better the aim (second number), the likelier a hit."""
        target = (2 if tank == 1 else 0) + (0 if aim[0] > 0 else 1)
        if self.chance() > 0.4 + 0.2 * (1 - abs(float(aim[1]))):
            return 0
        strength = 2.0 if spotted[tank - 1] else 1.0
        self.health[target] = max(0.0, float(self.health[target]) - strength)
        return 1


def _share(rewards: Mapping[int, float]) -> dict[int, float]:
    """Give each team's reward to one of its agents, so that the teams' sums stay opposite whoever lives."""
    first: dict[bool, int] = {}
    for agent in sorted(rewards):
        first.setdefault(agent < 2, agent)
    return {agent: rewards[agent] for agent in first.values()}


def skirmish(lanes: int) -> ForkableOneByOne:
    """Skirmish with that many lanes."""
    return ForkableOneByOne(SPEC, lanes, Skirmish)
