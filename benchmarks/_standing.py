"""Battles as their papers count them: who has more soldiers left at the end has won."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from marl.env import Actions, Environment, Lanes, Step, Turn
from marl.types import Array, ArrayTree, Ints, Keys


class Standing:
    """An `Environment`: `inner`, whose agents are paid nothing but 1 at the end of a match that they live to see."""

    def __init__(self, inner: Environment) -> None:
        self.inner, self.lanes = inner, inner.lanes
        self.spec = replace(inner.spec, returns=(0.0, float(max(map(len, inner.spec.sides)))))
        self._alive: Array = np.zeros((self.lanes, len(self.spec.agents)), dtype=np.bool_)

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`."""
        self._alive[lanes] = True
        return self.inner.reset(lanes, seeds, tasks)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`.

        Where a match ends because an army is gone, the parts of all end by the rules at once: then those of the tick
        before count, of whom the winner had more, but for armies that end each other in one tick.
        """
        step = self.inner.step(lanes, actions)
        before = self._alive[step.lanes]
        after = before & ~(step.terminated & ~step.truncated)
        living = np.where((step.done & ~after.any(axis=1))[:, None], before, after)
        self._alive[step.lanes] = after
        return replace(step, rewards=np.where(step.done[:, None], living, False).astype(np.float64))

    def state(self, lanes: Lanes) -> ArrayTree:
        """That of `inner`."""
        return self.inner.state(lanes)

    def render(self, lane: int) -> Any:
        """That of `inner`."""
        return self.inner.render(lane)
