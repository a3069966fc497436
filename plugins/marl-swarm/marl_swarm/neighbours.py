"""Who is near whom on a torus with sides of 1, and means over those who are."""

from __future__ import annotations

import numpy as np

from marl.types import Array, Bools, Floats

_ALL = 0.5**0.5  # no two points of the torus are farther apart


def near(position: Array, radius: float) -> Bools | None:
    """Who is within `radius` of whom, oneself included: `float[L, N, 2] -> bool[L, N, N]`; None where all are."""
    if radius >= _ALL:
        return None
    square = np.zeros((*position.shape[:2], position.shape[1]), dtype=np.float32)
    for place in np.moveaxis(position.astype(np.float32), -1, 0):
        apart = np.abs(place[:, :, None] - place[:, None, :])
        np.minimum(apart, 1 - apart, out=apart)
        square += apart * apart
    return np.asarray(square <= np.float32(radius) ** 2)


def mean_around(known: Bools | None, values: Array, alone: bool = True) -> Floats:
    """The mean of `values[L, N, V]` over those near each agent, `float64[L, N, V]`.

    `known`: what `near` gives. `alone`: whether an agent counts as near itself; zeros where nobody is near.
    """
    if known is None:
        total = np.repeat(values.sum(axis=1, keepdims=True), values.shape[1], axis=1)
        count = np.full((*values.shape[:2], 1), float(values.shape[1]))
    else:
        weights = known.astype(np.float32)
        total = weights @ values.astype(np.float32)
        count = weights.sum(axis=2, keepdims=True)
    if not alone:
        total, count = total - values, count - 1
    return np.asarray(total / np.maximum(count, 1), dtype=np.float64)
