"""How agents move where the distribution does not matter: any table of chances, or single steps followed by noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from marl.types import Floats, Ints

SMALL = 1 << 16  # entries up to which a full matrix is faster than a sparse one


def fitting(matrix: Any) -> Any:
    """A sparse matrix as it is, or full where it is small: what multiplies faster."""
    return matrix.toarray() if matrix.shape[0] * matrix.shape[1] <= SMALL else csr_array(matrix)


class Table:
    """Chances by time: `chances` are sparse `[rows, P * A * S]`, columns sum to 1; one a time, or one for all."""

    def __init__(self, chances: Sequence[Any]) -> None:
        self._forth = [fitting(matrix) for matrix in chances]
        self._back = [fitting(csr_array(matrix.T)) for matrix in chances]

    def push(self, time: int, mass: Floats) -> Floats:
        """From how many take which action where, `[P, A, S]`, to how many are in each row; see `MeanFieldGame.push`."""
        return np.asarray(self._forth[min(time, len(self._forth) - 1)] @ mass.reshape(-1))

    def pull(self, time: int, values: Floats) -> Floats:
        """From what rows are worth to what actions are, `[P A S]`; see `MeanFieldGame.pull`."""
        return np.asarray(self._back[min(time, len(self._back) - 1)] @ values)


class Moves:
    """Local moves, the same at all times and for all populations: an action leads to one state, then noise to others.

    `to` `[A, S]`: where actions lead; `noise` `[K, S]` and `chances` `[K]`: where the wind then blows, and how likely.
    It takes memory for `(A + K) S` entries, however large the grid.
    """

    def __init__(self, to: Ints, noise: Ints, chances: Floats) -> None:
        actions, states = to.shape
        self._to = to
        ones, cells = np.ones(actions * states), np.arange(actions * states)
        self._gather = fitting(csr_array((ones, (to.reshape(-1), cells)), shape=(states, actions * states)))
        here = np.broadcast_to(np.arange(states), noise.shape).reshape(-1)
        odds = np.repeat(chances, states)
        blown = csr_array((odds, (noise.reshape(-1), here)), shape=(states, states))
        self._forth, self._back = fitting(blown), fitting(csr_array(blown.T))

    def push(self, mass: Floats) -> Floats:
        """See `MeanFieldGame.push`."""
        if len(mass) == 1:
            return np.asarray(self._forth @ (self._gather @ mass.reshape(-1)))[None]
        return np.stack([self._forth @ (self._gather @ row.reshape(-1)) for row in mass])

    def pull(self, values: Floats) -> Floats:
        """See `MeanFieldGame.pull`."""
        if len(values) == 1:
            return np.take(self._back @ values[0], self._to)[None]
        return np.stack([np.take(self._back @ row, self._to) for row in values])


def steps(shape: Sequence[int], moves: Sequence[Sequence[int]], *, torus: bool, blocked: Any = None) -> Ints:
    """Where moves on a grid lead, `[len(moves), S]`: states are numbered row by row.

    On a torus a grid goes on at its other side; else a move stays inside by each coordinate. `blocked` (bool `[S]`):
    cells that cannot be entered; who would, stays.
    """
    places = np.stack(np.unravel_index(np.arange(int(np.prod(shape))), tuple(shape)))
    size = np.array(shape)[:, None]
    found = []
    for move in moves:
        there = places + np.array(move)[:, None]
        there = there % size if torus else np.clip(there, 0, size - 1)
        target = np.ravel_multi_index(tuple(there), tuple(shape))
        if blocked is not None:
            target = np.where(blocked[target], np.arange(len(target)), target)
        found.append(target)
    return np.stack(found).astype(np.int64)
