"""Physics as arrays: the lanes of one system, whose only chance is where a match starts."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from marl import rng
from marl.env import Lanes
from marl.errors import UserError
from marl.games import OneAgent
from marl.types import Array, Bools, Floats

CHANCE = 0x6A11  # sets chance apart from the player's keys, which are mixed from the same seed


class System(OneAgent):
    """A deterministic system with numbers of state between random `bounds`, one for each."""

    bounds: tuple[float, ...]
    """A match starts uniformly in `[-bounds, bounds)`."""
    system: Floats
    """The state, `float64[lanes, len(bounds)]`."""

    @abc.abstractmethod
    def move(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools]:
        """Move `self.system[lanes]` on by one tick: rewards `[L]` and what terminated `[L]`."""

    def fields(self) -> dict[str, Any]:
        return {"system": np.zeros(len(self.bounds))}

    def begin(self, lanes: Lanes) -> None:
        """Draw where matches start; see `OneAgent.begin`."""
        keys = rng.mix(self.seed[lanes], CHANCE)
        for column, bound in enumerate(self.bounds):
            self.system[lanes, column] = bound * (2 * rng.uniform(keys, column) - 1)

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, bool]:
        """One tick; nothing is cut short before `spec.max_length`. See `OneAgent.play`."""
        rewards, terminated = self.move(lanes, actions)
        return rewards, terminated, False


def checked_limit(max_steps: int) -> int:
    """`max_steps`, or a UserError where no match could be that long."""
    if max_steps < 1:
        raise UserError(f"max_steps is {max_steps}, but a match has 1 tick or more")
    return max_steps
