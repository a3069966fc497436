"""Moments of numbers that come in batches. They are merged in a stated order, so that equal batches give equal bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from marl.types import Array, Floats


@dataclass(frozen=True)
class Moments:
    """Of `count` rows with F numbers: their means, and their squared deviations from it summed up, `float64[F]`.

    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    """

    count: float
    mean: Floats
    squares: Floats

    @staticmethod
    def of(rows: Array) -> Moments:
        """The moments of `rows[K, F]`, K at least 1."""
        wide = rows.astype(np.float64)
        mean = wide.mean(axis=0)
        return Moments(float(len(wide)), mean, np.square(wide - mean).sum(axis=0))

    def merged(self, other: Moments) -> Moments:
        """Those of both batches together."""
        count = self.count + other.count
        if count == 0:
            return self
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        return Moments(
            count, mean, self.squares + other.squares + np.square(apart) * (self.count * other.count / count)
        )


@dataclass(frozen=True)
class Seen:
    """What the rows of one module were like: the numbers in its observations `[F]`, and its discounted returns `[1]`.

    Either is None where the module does not normalise it.
    """

    observation: Moments | None = None
    returns: Moments | None = None

    def merged(self, other: Seen) -> Seen:
        """Both together."""
        return Seen(_both(self.observation, other.observation), _both(self.returns, other.returns))


def together(parts: Iterable[Mapping[str, Seen]]) -> dict[str, Seen]:
    """What several windows (or samplers) saw, by module, merged in this order."""
    result: dict[str, Seen] = {}
    for part in parts:
        for name, seen in part.items():
            result[name] = result[name].merged(seen) if name in result else seen
    return result


def _both(one: Moments | None, other: Moments | None) -> Moments | None:
    return other if one is None else one if other is None else one.merged(other)
