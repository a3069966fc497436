"""Observations as cells: what counts as the same when visits are counted."""

from __future__ import annotations

import numpy as np

from marl.space import Space
from marl.types import Array, ArrayTree
from marl_rewards.encode import encode, width


class Cells:
    """Numbers for the cells of a space. Numbers in observations are rounded to multiples of `resolution` first.

    Two cells have the same number with a chance of 2^-64 (a sum of 64-bit products with fixed odd factors).
    """

    def __init__(self, space: Space, resolution: float) -> None:
        self.space, self.resolution = space, resolution
        draw = np.random.Generator(np.random.Philox(key=width(space)))
        self._factors = draw.integers(0, 1 << 63, size=(width(space), 2), dtype=np.uint64) * np.uint64(2) + np.uint64(1)

    def __call__(self, observations: ArrayTree) -> Array:
        """The cell of each of K observations, `uint64[K]`."""
        steps = np.rint(encode(self.space, observations) / self.resolution).astype(np.int64).view(np.uint64)
        mixed = (steps * self._factors[:, 0] + self._factors[:, 1]) ** np.uint64(2)
        mixed ^= mixed >> np.uint64(29)
        return np.asarray((mixed * self._factors[:, 0]).sum(axis=1, dtype=np.uint64))
