"""Softmax sampling in numpy, for playing: few passes over memory, and by column where rows are many and short."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Bools, Floats, Ints, Keys


def softmax(logits: Array, mask: Bools | None) -> Floats:
    """Probabilities `float64[K, A]`: rows sum to 1, exactly 0 where `mask` forbids."""
    weights = np.exp(_shifted(logits.astype(np.float64), mask, 1))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def draw(logits: Array, mask: Bools | None, keys: Keys, number: int) -> tuple[Ints, Floats]:
    """One index per row in proportion to `exp(logits)`, and its log-probability: `int64[K], float64[K]`.

    `number`: which of the key's uniform numbers decides. A row whose mask allows nothing is the caller's error.
    """
    rows, width = logits.shape
    axis = 0 if rows >= 8 * width else 1
    shifted = _shifted(logits, mask, axis)
    weights = np.exp(shifted)
    action = rng.choose(keys, weights if axis else weights.T, number)
    row = np.arange(rows)
    chosen = shifted.reshape(-1).take(row * width + action if axis else action * rows + row)
    return action, chosen - np.log(weights.sum(axis=axis), dtype=np.float64)


def _shifted(logits: Array, mask: Bools | None, axis: int) -> Array:
    """Logits less their row's greatest legal one, -inf where illegal: `[K, A]`, or `[A, K]` for `axis` 0."""
    if mask is not None:
        logits = np.where(mask, logits, -np.inf)
    if axis == 0:
        logits = np.ascontiguousarray(logits.T)
    return np.asarray(logits - logits.max(axis=axis, keepdims=True))
