"""A joint meta-strategy: a distribution over pairings, which need not be that of independent mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from marl.types import Floats


@dataclass(frozen=True, eq=False)
class Joint:
    """`weights`: `float64[n_0, n_1, ...]`, how likely every pairing is; they sum to 1."""

    weights: Floats

    @property
    def marginals(self) -> list[Floats]:
        """The mixture of each side."""
        sides = range(self.weights.ndim)
        return [self.weights.sum(axis=tuple(other for other in sides if other != side)) for side in sides]

    @property
    def pairings(self) -> Drawn:
        """The pairings that can happen, with their probabilities."""
        cells = np.argwhere(self.weights > 0)
        return tuple((tuple(cell), float(self.weights[tuple(cell)])) for cell in cells.tolist())

    def exchangeable(self) -> Joint:
        """The mean over all exchanges of sides; of an equilibrium of a symmetric game it is one too."""
        orders = list(permutations(range(self.weights.ndim)))
        return Joint(np.asarray(np.mean([self.weights.transpose(order) for order in orders], axis=0)))


Drawn = tuple[tuple[tuple[int, ...], float], ...]  # (a player of each side, by number, probability)
