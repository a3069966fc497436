"""Softmax sampling in numpy, for playing: many short rows, few passes over memory."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Bools, Floats, Ints, Keys


def softmax(logits: Array, mask: Bools | None) -> Floats:
    """Probabilities `float64[K, A]`: rows sum to 1, exactly 0 where `mask` forbids."""
    weights, totals = _weights(logits.astype(np.float64), mask)[:2]
    return np.ascontiguousarray((weights / totals).T)


def draw(logits: Array, mask: Bools | None, keys: Keys, number: int) -> tuple[Ints, Floats]:
    """One index per row in proportion to `exp(logits)`, and its log-probability: `int64[K], float64[K]`.

    `number`: which of the key's uniform numbers decides.
    """
    weights, totals, shifted = _weights(logits, mask)
    action = rng.choose(keys, weights.T, number)
    flat = action * len(keys) + np.arange(len(keys))
    return action, shifted.reshape(-1)[flat] - np.log(totals, dtype=np.float64)


def _weights(logits: Array, mask: Bools | None) -> tuple[Array, Array, Array]:
    """By column `[A, K]`: `exp` of the logits less their row's greatest legal one; the sums `[K]`; the differences."""
    shifted = np.ascontiguousarray(logits.T)
    if mask is not None:
        shifted = np.where(mask.T, shifted, -np.inf)
    elif shifted.base is not None:
        shifted = shifted.copy()
    shifted = np.ascontiguousarray(shifted)
    shifted -= shifted.max(axis=0)
    weights = np.exp(shifted)
    return weights, weights.sum(axis=0), shifted
