"""A team game whose columns rewards can be checked on by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from marl.arena import Mixtures, Record, Sampler
from marl.env import EnvSpec, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.policies.random import Random
from marl.registry import REWARDS, load_registry
from marl.reward import Window
from marl.space import Box, Discrete

LENGTH = 6
WALKERS = EnvSpec(
    agents=("a", "b", "c", "d"),
    groups=(Group("all", (0, 1, 2, 3), Box((4,), -20, 20), Discrete(3)),),
    sides=((0, 1), (2, 3)),
    dynamics="simultaneous",
    max_length=LENGTH,
    info={
        "way": "how far all have walked together since the match began",
        "steps": "how far each agent walked at this tick",
        "sides": "how far each side walked since the match began",
        "bumps": "who stood still at this tick, 1 for each",
        "alone": "what each agent's side would have earned at this tick, had the agent stood still",
    },
)


class Walk(Match):
    """Walkers on a line go 0, 1 or 2 cells; a side earns the root of how far it went at the tick, half each."""

    def start(self) -> None:
        self.tick, self.place, self.speed = 0, np.zeros(4), np.zeros(4)

    def views(self) -> Mapping[int, View]:
        return {agent: View(self.observe(agent)) for agent in range(4)}

    def observe(self, agent: int) -> Any:
        goal = 8.0 - self.place[agent]
        return np.array([self.place[agent], self.speed[agent], goal, self.tick], dtype=np.float32)

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        self.tick += 1
        self.speed = np.array([float(actions[agent]) for agent in range(4)])
        self.place = self.place + self.speed
        team = self.speed.reshape(2, 2).sum(axis=1)
        earned = np.repeat(np.sqrt(team), 2) / 2
        alone = np.sqrt(np.repeat(team, 2) - self.speed)
        told = {
            "way": self.place.sum(),
            "steps": self.speed,
            "sides": self.place.reshape(2, 2).sum(axis=1),
            "bumps": (self.speed == 0).astype(float),
            "alone": alone,
        }
        late = set(range(4)) if self.tick == LENGTH else set()
        return Outcome(dict(enumerate(earned.tolist())), truncated=late, done=bool(late), info=told)


def walkers(lanes: int) -> ForkableOneByOne:
    return ForkableOneByOne(WALKERS, lanes, Walk)


Pay = Callable[..., Mapping[str, Any]]


@pytest.fixture(scope="session")
def window() -> Window:
    """Whole matches and halves of the walkers, all of whom learn, with all that can be recorded."""
    sampler = Sampler(walkers(4), [Random(WALKERS)], Mixtures(np.ones((2, 1)), 5), [0], record=Record(True, True))
    sampler.collect(50)
    return Window(sampler.collect(300)[0], WALKERS, 0.9)


@pytest.fixture(scope="session")
def pay(window: Window) -> Pay:
    """What a reward of the plugin pays for the window, by channel."""

    def paid(name: str, **params: Any) -> Mapping[str, Any]:
        return load_registry().make(REWARDS, f"rewards/{name}", params, spec=WALKERS)(window)

    return paid
