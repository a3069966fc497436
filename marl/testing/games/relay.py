"""Relay: a team of three, in turns or at once, some of which fall out early. `relay` gives factories of its kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.space import Box, Discrete, Space
from marl.types import Array

LIMIT = 9  # ticks


class Relay(Match):
    """One match: at the second tick one falls out now and then; it ends, or is cut short, at a tick that chance sets.

    What is earned follows from the sum of all that was done. `masked`: the second of three choices is not always legal.
    """

    def __init__(self, turns: bool, masked: bool) -> None:
        self.turns, self.masked = turns, masked

    def start(self) -> None:
        """Deal, or put everything at its place."""
        self.alive, self.tick, self.sum = [0, 1, 2], 0, 0.0
        self.weak = int(self.chance() * 4)  # who falls out at the second tick; 3: nobody
        self.ends = 3 + int(self.chance() * (LIMIT - 3))
        self.cut = self.chance() < 0.5

    def observe(self, agent: int) -> Array:
        """What an agent sees."""
        return np.array([agent == self.weak, self.tick / LIMIT, self.sum % 5, self.seed % 7], dtype=np.float32)

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        acting = [self.alive[self.tick % len(self.alive)]] if self.turns else self.alive
        legal = np.array([True, self.sum % 2 < 1, True]) if self.masked else None
        return {agent: View(self.observe(agent), legal) for agent in acting}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        self.tick += 1
        self.sum += sum((agent + 1) * float(np.sum(action)) for agent, action in actions.items())
        rewards = {agent: float(self.sum % 3 - agent) for agent in self.alive}
        dead = {self.weak} & set(self.alive) if self.tick == 2 else set()
        self.alive = [agent for agent in self.alive if agent not in dead]
        over = self.tick == self.ends
        return Outcome(rewards, dead, set(self.alive) if over and self.cut else set(), done=over)

    def state(self) -> Array:
        """The true state."""
        return np.array([self.tick, self.sum % 5, *(agent in self.alive for agent in range(3))], dtype=np.float32)

    def render(self) -> Frame:
        """The match as text."""
        return Frame(f"{self.tick}: {self.sum}", "")


def relay(
    turns: bool,
    groups: Sequence[tuple[int, ...]] = ((0, 1, 2),),
    state: bool = True,
    actions: Sequence[Space] = (),
) -> Callable[[int], ForkableOneByOne]:
    """A factory of relays. `groups`: their agents. `state`: whether the true state is shown. `actions`: of each group;
    three choices, with masks, by default."""
    spec = EnvSpec(
        ("a", "b", "c"),
        tuple(
            Group(f"g{at}", agents, Box((4,)), actions[at] if actions else Discrete(3))
            for at, agents in enumerate(groups)
        ),
        ((0, 1, 2),),
        "turns" if turns else "simultaneous",
        LIMIT,
        state=Box((5,)) if state else None,
    )
    return lambda lanes: ForkableOneByOne(spec, lanes, lambda: Relay(turns, masked=not actions))
