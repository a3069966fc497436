"""Observations as plain vectors: numbers as they are, choices as ones among zeros, trees side by side."""

from __future__ import annotations

import math

import numpy as np

from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import ArrayTree, Floats


def width(space: Space) -> int:
    """How many numbers a row has."""
    match space:
        case Box(shape):
            return math.prod(shape)
        case Discrete(n):
            return n
        case MultiDiscrete(nvec):
            return sum(nvec)
        case Tree(fields):
            return sum(width(field) for field in fields.values())


def encode(space: Space, batch: ArrayTree) -> Floats:
    """A batch of K rows as `float64[K, width(space)]`."""
    match space:
        case Box():
            return np.asarray(batch, dtype=np.float64).reshape(len(batch), width(space))
        case Discrete(n):
            return np.eye(n)[batch]
        case MultiDiscrete(nvec):
            return np.concatenate([np.eye(n)[batch[:, choice]] for choice, n in enumerate(nvec)], axis=1)
        case Tree(fields):
            return np.concatenate([encode(field, batch[name]) for name, field in sorted(fields.items())], axis=1)
