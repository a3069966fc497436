"""Payoffs: what every pairing of players earned, how sure that is, and which players are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.evaluation import Z95
from marl.types import Array, Floats, Ints


@dataclass(frozen=True, eq=False)
class Payoffs:
    """The payoffs of `S` sides with `n_0`, `n_1`, ... players; `payoffs[s]` are the mean returns of side `s`.

    `mean`: `float64[S, n_0, n_1, ...]`, NaN where nothing was played. `count`: `float64[n_0, n_1, ...]`, the matches
    behind each mean, infinite where it is exact. `m2`: like `mean`, the sums of squared deviations from it. `first`:
    for each side `int64[n_s]`, the number of the first player that is the same (has the same snapshot), its own where
    it is new: the cells of players that are the same are copies of one another, played once. All are read-only.
    """

    mean: Floats
    count: Floats
    m2: Floats
    first: tuple[Ints, ...]

    @staticmethod
    def of(means: Sequence[Array], count: Array | None = None) -> Payoffs:
        """Payoffs with these means, `S` arrays `[n_0, n_1, ...]`, all players different; exact, or with no spread."""
        mean = np.array(means, dtype=np.float64)
        known = np.full(mean.shape[1:], np.inf) if count is None else np.asarray(count, dtype=np.float64)
        return Payoffs(mean, known, np.zeros(mean.shape), tuple(np.arange(n) for n in mean.shape[1:]))

    def __getitem__(self, side: int) -> Floats:
        """Side `side`'s mean returns `[n_0, n_1, ...]`."""
        return np.asarray(self.mean[side])

    def __iter__(self) -> Iterator[Floats]:
        """The mean returns of each side."""
        return iter(self.mean)

    def __len__(self) -> int:
        """The number of sides."""
        return len(self.mean)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many players each side has."""
        return self.count.shape

    @property
    def sampled(self) -> bool:
        """Whether any mean comes from matches, and is therefore uncertain."""
        return bool((np.isfinite(self.count) & (self.count > 0)).any())

    @property
    def variance(self) -> Floats:
        """Of one match's return, `float64[S, n_0, ...]`: 0 where exact, infinite with fewer than two matches."""
        return _variance(self.m2, self.count)

    @property
    def margin(self) -> Floats:
        """Half the 95 % interval of each mean, `float64[S, n_0, ...]`: 0 where exact, infinite where unknown."""
        return np.asarray(Z95 * np.sqrt(self.variance / np.maximum(self.count, 1)))

    def upto(self, sizes: Sequence[int]) -> Payoffs:
        """Those of the first `sizes[s]` players of each side."""
        inside: Any = tuple(slice(n) for n in sizes)
        every: Any = (slice(None), *inside)
        first = tuple(one[:n] for one, n in zip(self.first, sizes, strict=True))
        return Payoffs(self.mean[every], self.count[inside], self.m2[every], first)

    def distinct(self) -> Payoffs:
        """Those of different players only, in order of birth. `spread` leads back to all of them."""
        chosen = [np.flatnonzero(first == np.arange(len(first))) for first in self.first]
        if all(len(own) == len(first) for own, first in zip(chosen, self.first, strict=True)):
            return self
        inside, sides = np.ix_(*chosen), np.arange(len(self))
        every = np.ix_(sides, *chosen)
        fresh = tuple(np.arange(len(own)) for own in chosen)
        return Payoffs(self.mean[every], self.count[inside], self.m2[every], fresh)

    def spread(self, mixtures: Sequence[Array]) -> list[Floats]:
        """Mixtures over the different players as mixtures over all: the first of several that are the same has it."""
        result = []
        for first, mixture in zip(self.first, mixtures, strict=True):
            weights = np.zeros(len(first))
            weights[first == np.arange(len(first))] = mixture
            result.append(weights)
        return result

    def merged(self, mixtures: Sequence[Array | Sequence[float]]) -> list[Floats]:
        """The mixtures with the weights of players that are the same summed on the first of them."""
        result = []
        for first, mixture in zip(self.first, mixtures, strict=True):
            weights = np.zeros(len(first))
            np.add.at(weights, first[: len(mixture)], mixture)
            result.append(weights)
        return result

    def expected(self, mixtures: Sequence[Array | Sequence[float]]) -> tuple[Floats, Floats]:
        """Every side's mean return `float64[S]` under independent mixtures, and half its 95 % interval.

        The interval is of the matches' chance alone: 0 where all is exact, infinite where a cell that it takes was
        played once. A cell without weight is not read; one that has weight and was not played makes NaN of both.
        """
        weight = np.ones(())
        for mixture in self.merged(mixtures):
            weight = np.multiply.outer(weight, mixture)
        taken = weight > 0
        share, count = weight[taken], self.count[taken]
        means = self.mean[:, taken] @ share
        spread = _variance(self.m2[:, taken], count) / np.maximum(count, 1)
        return means, np.where(np.isnan(means), np.nan, Z95 * np.sqrt(spread @ share**2))


def margins(count: float, m2: Array | Sequence[float]) -> Floats:
    """Half the 95 % intervals of means of `count` matches; 0 where it is below 0 or infinite, which is exact."""
    known = np.inf if count < 0 else float(count)
    return np.asarray(Z95 * np.sqrt(_variance(np.asarray(m2, dtype=np.float64), np.asarray(known)) / max(known, 1)))


def _variance(m2: Floats, count: Floats) -> Floats:
    return np.asarray(np.where(count > 1, m2 / np.maximum(count - 1, 1), np.inf))
