"""Simple spread: agents spread over as many landmarks, together, and should not bump into each other.

All agents see where they are, how fast they go, and where landmarks and the others are from there. At every tick the
team is charged the distance of each landmark from the agent nearest to it, and each agent one for every other that it
touches; `local_ratio` weighs the two. It is `simple_spread_v3` of mpe2 1.1.1 with discrete actions, tick by tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import GREY
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints
from marl_coop.particles import world

SIZE = 0.15  # the radius of an agent


@dataclass
class SpreadParams:
    """Parameters of Spread."""

    agents: int = 3  # agents, and landmarks, from 1 to 20
    local_ratio: float = 0.5  # what bumping into others counts; the distances count the rest
    steps: int = 25  # ticks until a match is cut short

    def __post_init__(self) -> None:
        for name, (low, high) in {"agents": (1, 20), "local_ratio": (0, 1), "steps": (1, 10_000)}.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")


class Spread(SimultaneousGame):
    """An `Environment` with one side of N agents.

    A row is `float32[6 N]`: speed, place, where the landmarks and then the other agents are from here, and 2 (N - 1)
    zeros, since nobody speaks. The true state, `float32[6 N]`: places, speeds and landmarks.
    """

    place: Floats  # float64[lanes, N, 2]
    speed: Floats  # float64[lanes, N, 2]
    landmark: Floats  # float64[lanes, N, 2]

    def __init__(self, lanes: int, params: SpreadParams | None = None) -> None:
        self.params = params = params or SpreadParams()
        count = params.agents
        everyone = tuple(range(count))
        self._others = np.array([[other for other in everyone if other != agent] for agent in everyone], np.int64)
        group = Group("agents", everyone, Box((6 * count,)), Discrete(len(world.PUSHES)))
        names = tuple(f"agent_{agent}" for agent in everyone)
        state = Box((6 * count,))
        bounds = (-np.inf, 0.0)
        super().__init__(EnvSpec(names, (group,), (everyone,), "simultaneous", params.steps, bounds, state), lanes)

    def fields(self) -> dict[str, Any]:
        return {name: np.zeros((self.params.agents, 2)) for name in ("place", "speed", "landmark")}

    def begin(self, lanes: Lanes) -> None:
        places = world.scattered(self.seed[lanes], 2 * self.params.agents)
        self.place[lanes], self.landmark[lanes] = np.split(places, 2, axis=1)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        place, speed = world.lanes_last(self.place[lanes]), world.lanes_last(self.speed[lanes])
        place, speed = world.moved(place, speed, actions[0].T, world.contacts(place, 2 * SIZE))
        self.place[lanes], self.speed[lanes] = place.transpose(2, 1, 0), speed.transpose(2, 1, 0)
        nearest = _distances(world.lanes_last(self.landmark[lanes]), place).min(axis=1).sum(axis=0)
        touched = (_distances(place, place) < 2 * SIZE).sum(axis=1) - 1  # but itself
        ratio = self.params.local_ratio
        return (-(1 - ratio) * nearest - ratio * touched).T, self.tick[lanes] >= self.params.steps

    def cut(self, lanes: Lanes) -> Bools | bool:
        return True

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        """The rows of all agents, lane by lane."""
        count, each = self.params.agents, lanes[:: self.params.agents]
        place, landmark = world.lanes_last(self.place[each]), world.lanes_last(self.landmark[each])
        seen = np.zeros((6 * count, count, len(each)), np.float32)
        seen[0:2], seen[2:4] = world.lanes_last(self.speed[each]), place
        seen[4 : 4 + 2 * count] = _apart(landmark[:, :, None], place[:, None])
        seen[4 + 2 * count : 2 + 4 * count] = _apart(place[:, self._others.T], place[:, None])
        return np.ascontiguousarray(seen.transpose(2, 1, 0)).reshape(len(lanes), -1)

    def state(self, lanes: Lanes) -> Array:
        parts = (self.place[lanes], self.speed[lanes], self.landmark[lanes])
        return np.concatenate(parts, axis=1).reshape(len(lanes), -1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), self.params.agents))

    def render(self, lane: int) -> Frame:
        said = f"tick {self.tick[lane]} of {self.params.steps}"
        return world.draw(self.place[lane], self.landmark[lane], (SIZE, 0.05), [GREY] * self.params.agents, said)


def _apart(there: Floats, here: Floats) -> Floats:
    """Where things `[2, M, N or 1, L]` are from agents `[2, 1, N, L]`, x and y of each in turn: `[2 M, N, L]`."""
    away = there - here
    return away.transpose(1, 0, 2, 3).reshape(-1, *away.shape[2:])


def _distances(some: Floats, others: Floats) -> Floats:
    """From each of `[2, M, L]` to each of `[2, N, L]`: `[M, N, L]`."""
    x, y = some[:, :, None] - others[:, None]
    return np.asarray(np.sqrt(x * x + y * y))
