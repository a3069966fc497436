"""Payoffs: what each pairing earned, as sums that can be merged.

Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.arena.results import Results
from marl.types import Array, Floats


@dataclass(frozen=True)
class Moments:
    """Count, mean `float64[S]` and sum of squared deviations `float64[S]` of the returns of one pairing."""

    count: int
    mean: Floats
    m2: Floats

    @staticmethod
    def of(values: Array) -> Moments:
        """The moments of `values[B, S]`."""
        if len(values) == 0:
            return Moments(0, np.zeros(values.shape[1]), np.zeros(values.shape[1]))
        mean = values.mean(axis=0)
        return Moments(len(values), mean, ((values - mean) ** 2).sum(axis=0))

    def merge(self, other: Moments) -> Moments:
        """The moments of both samples together."""
        if self.count == 0 or other.count == 0:
            return self if other.count == 0 else other
        total = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / total)
        return Moments(total, mean, self.m2 + other.m2 + delta**2 * (self.count * other.count / total))

    @property
    def variance(self) -> Floats:
        """The sample variance `float64[S]`; infinite where fewer than two matches were played."""
        if self.count < 2:
            return np.full(self.mean.shape, np.inf)
        return np.asarray(self.m2 / (self.count - 1))

    @property
    def error(self) -> Floats:
        """The standard error of the mean, `float64[S]`."""
        return np.asarray(np.sqrt(self.variance / max(self.count, 1)))


def tally(results: Results) -> dict[tuple[int, ...], Moments]:
    """The moments of each pairing of players in `results`."""
    lineups, where = np.unique(results.players, axis=0, return_inverse=True)
    where = where.reshape(-1)
    order = np.argsort(where, kind="stable")
    parts = np.split(results.returns[order], np.cumsum(np.bincount(where, minlength=len(lineups)))[:-1])
    return {tuple(lineup): Moments.of(part) for lineup, part in zip(lineups.tolist(), parts, strict=True)}
