"""Counter-based randomness: every number is a hash of *what it is for*, never of what was drawn before.

A key is a `uint64`, made by `mix(match seed, agent, tick)`. The arena makes one key per row, so a match plays the
same whatever lane or worker it runs on. The hash is SplitMix64's finaliser (Steele, Lea, Flood: "Fast splittable
pseudorandom number generators", OOPSLA 2014), vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from marl.types import Array, Floats, Ints, Keys

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STREAM = np.uint64(0xD1B54A32D192ED03)  # sets the numbers drawn from a key apart from the keys mixed from it
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(bits) for bits in (30, 27, 31, 11))
_MASK = (1 << 64) - 1


def _finalise(x: Keys) -> Keys:
    """The hash of each, in its place: `x` must be the caller's own."""
    x ^= x >> _S30
    x *= _M1
    x ^= x >> _S27
    x *= _M2
    x ^= x >> _S31
    return x


def as_keys(values: Any) -> Keys:
    """Seeds as `uint64[K]`: Python ints of any sign and size, or integer arrays."""
    if isinstance(values, np.ndarray):
        return np.atleast_1d(values).astype(np.uint64, copy=False)
    if isinstance(values, (int, np.integer)):
        values = [values]
    return np.array([int(value) & _MASK for value in values], dtype=np.uint64)


def mix(*parts: Any) -> Keys:
    """Hash integers or integer arrays `[K]` (broadcast together) into keys `uint64[K]`; the order matters."""
    with np.errstate(over="ignore"):
        state = np.zeros(1, dtype=np.uint64)
        for part in parts:
            state = _finalise((state ^ as_keys(part)) + _GOLDEN)
    return state


def extend(keys: Keys, part: Any) -> Keys:
    """`mix(*parts, part)` from `keys = mix(*parts)`, without hashing the parts again."""
    with np.errstate(over="ignore"):
        return _finalise((keys ^ as_keys(part)) + _GOLDEN)


def uniform(keys: Keys, draw: int = 0) -> Floats:
    """The `draw`-th uniform number in `[0, 1)` of each key: `uint64[K] -> float64[K]` with 53 random bits."""
    with np.errstate(over="ignore"):
        bits = _finalise((keys ^ _STREAM) + np.uint64((draw + 1) * int(_GOLDEN) & _MASK))
    return np.asarray((bits >> _S11) * (1.0 / (1 << 53)), dtype=np.float64)


def integers(keys: Keys, high: Any, draw: int = 0) -> Ints:
    """Uniform integers in `[0, high)`; `high` is a number or an array `[K]`."""
    result: Ints = (uniform(keys, draw) * high).astype(np.int64)
    return result


def normal(keys: Keys, draw: int = 0) -> Floats:
    """Standard normal numbers (Box and Muller), `float64[K]`."""
    radius = np.sqrt(-2.0 * np.log1p(-uniform(keys, 2 * draw)))
    result: Floats = radius * np.cos(2.0 * np.pi * uniform(keys, 2 * draw + 1))
    return result


def choose(keys: Keys, weights: Array, draw: int = 0) -> Ints:
    """One index per row, in proportion to non-negative `weights[K, A]`; a row of zeros is the caller's error."""
    cumulative = _running_totals(weights)
    index: Ints = (cumulative <= uniform(keys, draw) * cumulative[-1]).sum(axis=0, dtype=np.int64)
    if index.size and index.max() >= weights.shape[1]:  # rounding pushed the point onto the total
        last = weights.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1)
        index = np.minimum(index, last)
    return index


def _running_totals(weights: Array) -> Floats:
    """The sums `float64[A, K]` of each row's first 1, 2, ..., A weights."""
    if len(weights) < 8 * weights.shape[1]:
        return np.cumsum(weights, axis=1, dtype=np.float64).T
    totals: Floats = weights.T.astype(np.float64, order="C")  # many short rows: whole columns are several times faster
    for column in range(1, len(totals)):
        totals[column] += totals[column - 1]
    return totals
