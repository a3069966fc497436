"""The true state as a vector, for learners that may see everything."""

from __future__ import annotations

import numpy as np

from marl.space import Box
from marl.types import Array, Ints
from marl_coop.overcooked.kitchens import COUNTER, FLOOR, POT, Kitchen
from marl_coop.overcooked.rules import COOKING, DISH, FULL, ONION, READY, SOUP


class State:
    """`float32[10 N + 3 Q + 5 P + 1]`, all between 0 and 1, for N agents, Q counters beside the floor and P pots.

    Of each agent: where it is (row and column, as shares), which way it faces (4), whether it holds an onion, a dish,
    a soup, and the share of onions in that. Of each counter: whether an onion, a dish, a soup lies there. Of each pot:
    its onions, whether it cooks or is ready, how much longer it cooks, all as shares. The share of ticks that are gone.
    """

    def __init__(self, kitchen: Kitchen, cook_time: int, steps: int) -> None:
        self._cook_time, self._steps = cook_time, steps
        self._pots = kitchen.where(POT)
        beside = (kitchen.place[kitchen.ahead()] == FLOOR).any(axis=1)
        self._counters = np.flatnonzero(beside & (kitchen.place == COUNTER))
        self._at = kitchen.at(np.arange(kitchen.cells))[:, ::-1] / (kitchen.height - 1, kitchen.width - 1)
        size = 10 * kitchen.agents + 3 * len(self._counters) + 5 * len(self._pots) + 1
        self.space = Box((size,), 0, 1)

    def __call__(self, cell: Ints, facing: Ints, held: Ints, content: Array, cooked: Ints, tick: Ints) -> Array:
        """Of L lanes: `cell`, `facing` and `held` `[L, N]`, `content` `[L, C]`, `cooked` `[L, P]` and `tick` `[L]`."""
        lying, code = content[:, self._counters], content[:, self._pots].astype(np.int64)
        cooking, ready = (code >= COOKING) & (code < READY), code >= READY
        onions = np.where(ready, code - READY + 1, np.where(cooking, code - COOKING + 1, code)) / FULL
        left = np.where(cooking, self._cook_time - cooked, 0) / self._cook_time
        soup = np.maximum(held - SOUP + 1, 0) / FULL
        parts = [
            self._at[cell],
            np.eye(4)[facing],
            np.stack([held == ONION, held == DISH, held >= SOUP, soup], axis=2),
            np.stack([lying == ONION, lying == DISH, lying >= SOUP], axis=2),
            np.stack([onions, code >= FULL, cooking, ready, left], axis=2),
            tick / self._steps,
        ]
        return np.concatenate([part.reshape(len(cell), -1) for part in parts], axis=1).astype(np.float32)
