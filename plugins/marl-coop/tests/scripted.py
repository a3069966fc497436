"""Cooks that know what to do: each goes for what is needed next, by the shortest way, as if it were alone."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Ints, Keys
from marl_coop.overcooked.game import INTERACT, STAY, Overcooked
from marl_coop.overcooked.kitchens import COUNTER, DISHES, FLOOR, ONIONS, POT, SERVING, Kitchen
from marl_coop.overcooked.routes import NEVER, distances
from marl_coop.overcooked.rules import DISH, FULL, NOTHING, ONION, READY, SOUP


class Scripted:
    """Actions for both agents of one lane, `int64[2]`; `random` is the share of them that are any."""

    def __init__(self, env: Overcooked, random: float = 0.0) -> None:
        self.env, self.random = env, random
        self.far = distances(env.kitchen)
        self.step = _steps(env.kitchen, self.far)

    def __call__(self, lane: Array, keys: Keys) -> Ints:
        best = np.array([self._best(int(lane[0]), agent) for agent in range(len(keys))])
        return np.where(rng.uniform(keys) < self.random, rng.integers(keys, 6, 1), best)

    def _best(self, lane: int, agent: int) -> int:
        env = self.env
        cell, facing = env.cell[lane, agent], env.facing[lane, agent]
        far = self.far[cell, facing]
        goals = self._goals(lane, agent)
        goals = goals[far[goals] < NEVER]
        if not len(goals):
            return STAY
        goal = goals[far[goals].argmin()]
        return INTERACT if far[goal] == 0 else int(self.step[cell, facing, goal])

    def _goals(self, lane: int, agent: int) -> Ints:
        """The cells that what the agent holds, or needs, can be brought to or got from."""
        place, content, held = self.env.kitchen.place, self.env.content[lane], self.env.held[lane]
        pots, counters = place == POT, (place == COUNTER) & (content == NOTHING)
        if held[agent] == ONION:
            goals = pots & (content < FULL)
        elif held[agent] == DISH:
            goals = pots & (content >= READY)
            if not goals.any():
                goals = pots & (content >= FULL)
                return np.flatnonzero(goals) if goals.any() else np.flatnonzero(counters)
        elif held[agent] >= SOUP:
            goals = place == SERVING
        elif (pots & (content == FULL)).any():  # somebody must start it
            goals = pots & (content == FULL)
        elif (pots & (content > FULL)).any() and not (held == DISH).any():
            goals = (place == DISHES) | ((place == COUNTER) & (content == DISH))
        else:
            goals = (place == ONIONS) | ((place == COUNTER) & (content == ONION))
        reached = self.far[self.env.cell[lane, agent], self.env.facing[lane, agent]] < NEVER
        return np.flatnonzero(goals if (goals & reached).any() else counters)


def _steps(kitchen: Kitchen, far: Ints) -> Ints:
    """The first action of a shortest way from each cell and direction to each cell, `int64[C, 4, C]`.

    It is 4, to stay, where the agent is there already, or can never be.
    """
    ahead = kitchen.ahead()
    stands = np.where(kitchen.place[ahead] == FLOOR, ahead, np.arange(kitchen.cells)[:, None])
    first = far[stands, np.arange(4)].argmin(axis=1)  # [C, C]
    there = (far == 0) | (far >= NEVER)
    return np.asarray(np.where(there, 4, first[:, None]))
