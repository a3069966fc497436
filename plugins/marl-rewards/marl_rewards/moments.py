"""Running mean and variance of columns of numbers.

Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
"""

from __future__ import annotations

import numpy as np

from marl.types import Array, Floats


class Moments:
    """Of all rows so far: `count` `[]`, `mean` and `variance` `float64[D]`. Mean 0 and variance 1 before the first."""

    def __init__(self, size: int) -> None:
        self.count: Array = np.zeros(())
        self.mean: Floats = np.zeros(size)
        self.variance: Floats = np.ones(size)

    @staticmethod
    def of(count: Array, mean: Floats, variance: Floats) -> Moments:
        """These moments."""
        result = Moments(len(mean))
        result.count, result.mean, result.variance = count, mean, variance
        return result

    def add(self, rows: Floats) -> None:
        """Take rows `[K, D]` into account, K at least 1."""
        count, mean, variance = len(rows), rows.mean(axis=0), rows.var(axis=0)
        total, delta = self.count + count, mean - self.mean
        squares = self.variance * self.count + variance * count + delta**2 * self.count * count / total
        self.mean = self.mean + delta * count / total
        self.variance = squares / total
        self.count = np.asarray(total)

    @property
    def deviation(self) -> Floats:
        """The standard deviation `float64[D]`; 1 where there is none, so that one may divide by it."""
        deviation = np.sqrt(self.variance)
        return np.asarray(np.where(deviation > 1e-8, deviation, 1.0))
