"""Stationary distributions of Markov chains, also of nearly reducible ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from marl.errors import RunError
from marl.types import Array, Floats

SMALL = 256
"""Chains up to this size are eliminated, which is exact; larger ones are iterated where they mix."""
LARGEST = 6000
"""States of the largest chain that does not mix that memory should hold."""
_RARE = 1e-6
"""A chain that is connected only by rarer transitions than this does not mix."""
LOST = 1e-20
"""Where a chain mixes, rounding hides rarer transitions than this."""
_TINY = 1e-290
"""Rarer than this is as rare as this."""
_LAZY = 0.1
"""The share that stays where it is in a step of the iteration."""


def stationary(jumps: csr_array) -> Floats:
    """The stationary distribution `[P]` of a chain with transition probabilities `jumps[P, P]`, without self-loops.

    Raises RunError when a large chain does not mix.
    """
    states = jumps.shape[0]
    if states > SMALL:
        kept = _without(jumps, LOST)
        if _mixes(_without(kept, _RARE)) and (found := _iterate(kept)) is not None:
            return found
    if states > LARGEST:
        raise RunError(f"a chain of {states} states does not mix, and more than {LARGEST} are too many to eliminate")
    return eliminate(jumps.toarray())


def eliminate(rates: Array) -> Floats:
    """Exact for small probabilities too, since nothing is subtracted: Grassmann, Taksar and Heyman 1985.

    `rates[P, P]`: the diagonal is ignored. Where several classes are closed, the first state's is the answer.
    """
    a = np.array(rates, dtype=np.float64)
    np.fill_diagonal(a, 0.0)
    for k in range(len(a) - 1, 0, -1):
        total = a[k, :k].sum()
        if total > _TINY:
            a[:k, k] /= total
            a[:k, :k] += np.multiply.outer(a[:k, k], a[k, :k])
        elif total > 0:  # to divide by it would overflow
            shares = a[k, :k] / a[k, :k].max()
            a[:k, :k] += np.multiply.outer(a[:k, k], shares / shares.sum())
            a[:k, k] /= _TINY
    weights = np.ones(len(a))
    for k in range(1, len(a)):
        weights[k] = weights[:k] @ a[:k, k]
        weights[: k + 1] /= weights[: k + 1].sum()
    return weights


def _without(jumps: csr_array, least: float) -> csr_array:
    """The chain without transitions of a probability below `least`."""
    kept = jumps.data >= least
    if kept.all():
        return jumps
    ends = np.concatenate([[0], np.cumsum(kept)])[jumps.indptr]
    return csr_array((jumps.data[kept], jumps.indices[kept], ends), shape=jumps.shape)


def _mixes(likely: csr_array) -> bool:
    """Whether a chain has one closed class only."""
    classes, label = connected_components(likely, directed=True, connection="strong")
    rows = np.repeat(np.arange(likely.shape[0]), np.diff(likely.indptr))
    leaves = label[rows] != label[likely.indices]
    return bool(classes - len(np.unique(label[rows[leaves]])) == 1)


def _iterate(jumps: csr_array, tolerance: float = 1e-14, most: int = 3000) -> Floats | None:
    """Power iteration, a little lazy so that periods do no harm; None if it has not converged."""
    transposed: Any = jumps.T
    point = np.full(jumps.shape[0], 1.0 / jumps.shape[0])
    for _ in range(most):
        moved = _LAZY * point + (1.0 - _LAZY) * (transposed @ point)
        change = np.abs(moved - point).sum()
        point = moved / moved.sum()
        if change < tolerance:
            return np.asarray(point)
    return None
