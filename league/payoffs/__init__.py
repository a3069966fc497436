"""Payoffs: what every pairing of players earned, how sure that is, and which players are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from league.payoffs.joint import Joint
from marl.evaluation import Z95
from marl.types import Array, Bools, Floats, Ints

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Payoffs:
    """The payoffs of `S` sides with `n_0`, `n_1`, ... players; `payoffs[s]` are the mean returns of side `s`.

    The players of a side are a population; in a symmetric game there is a single one, which plays all sides. `P` is the
    number of populations, `S` or 1. `mean`: `float64[P, n_0, n_1, ...]`, what the first side of each population earns,
    NaN where nothing was played. `count`: `float64[n_0, n_1, ...]`, the matches behind each mean, infinite where it is
    exact. `m2`: like `mean`, the sums of squared deviations from it. `first`: for each population `int64[n]`, the
    number of the first player that is the same (has the same snapshot), its own where it is new: the cells of players
    that are the same are copies of one another, played once. `symmetric`: whether there is one population; the cells
    that differ by an exchange of sides are then the same matches. All are read-only.
    """

    mean: Floats
    count: Floats
    m2: Floats
    first: tuple[Ints, ...]
    symmetric: bool = False

    @staticmethod
    def of(means: Sequence[Array], count: Array | None = None, symmetric: bool = False) -> Payoffs:
        """Payoffs with these means, `P` arrays `[n_0, n_1, ...]`, all players different; exact, or with no spread."""
        mean = np.array(means, dtype=np.float64)
        known = np.full(mean.shape[1:], np.inf) if count is None else np.asarray(count, dtype=np.float64)
        axes = mean.shape[1:2] if symmetric else mean.shape[1:]
        first = tuple(np.arange(n) for n in axes)
        return Payoffs(mean, known, np.zeros(mean.shape), first, symmetric)

    def __getitem__(self, side: int) -> Floats:
        """Side `side`'s mean returns `[n_0, n_1, ...]`."""
        if not 0 <= side < len(self):
            raise IndexError(f"side {side} of {len(self)}")
        return np.asarray(np.moveaxis(self.mean[0], 0, side) if self.symmetric else self.mean[side])

    def __iter__(self) -> Iterator[Floats]:
        """The mean returns of each side."""
        return (self[side] for side in range(len(self)))

    def __len__(self) -> int:
        """The number of sides."""
        return self.count.ndim

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
        """Of one match's return, like `mean`: 0 where exact, infinite with fewer than two matches."""
        return _variance(self.m2, self.count)

    @property
    def margin(self) -> Floats:
        """Half the 95 % interval of each mean, like `mean`: 0 where exact, infinite where unknown."""
        return np.asarray(Z95 * np.sqrt(self.variance / np.maximum(self.count, 1)))

    def upto(self, sizes: Sequence[int]) -> Payoffs:
        """Those of the first `sizes[p]` players of each population."""
        inside: Any = tuple(slice(n) for n in self.by_side(sizes))
        every: Any = (slice(None), *inside)
        first = tuple(one[:n] for one, n in zip(self.first, sizes, strict=True))
        return Payoffs(self.mean[every], self.count[inside], self.m2[every], first, self.symmetric)

    def distinct(self) -> Payoffs:
        """Those of different players only, in order of birth. `spread` leads back to all of them."""
        chosen = [np.flatnonzero(first == np.arange(len(first))) for first in self.first]
        if all(len(own) == len(first) for own, first in zip(chosen, self.first, strict=True)):
            return self
        return self.only(chosen)

    def only(self, chosen: Sequence[Ints]) -> Payoffs:
        """Those of these players of each population, by their places, in ascending order."""
        axes = self.by_side(chosen)
        inside, every = np.ix_(*axes), np.ix_(np.arange(len(self.mean)), *axes)
        first = []
        for one, places in zip(self.first, chosen, strict=True):
            _, earliest, group = np.unique(one[places], return_index=True, return_inverse=True)
            first.append(earliest[group].astype(np.int64))
        return Payoffs(self.mean[every], self.count[inside], self.m2[every], tuple(first), self.symmetric)

    def by_side(self, populations: Sequence[T]) -> list[T]:
        """What is there for each population, for each side."""
        return list(populations) * len(self) if self.symmetric else list(populations)

    def spread(self, mixtures: Sequence[Array]) -> list[Floats]:
        """Mixtures over the different players of each side as mixtures over all: the first of equals has the weight."""
        result = []
        for first, mixture in zip(self.by_side(self.first), mixtures, strict=True):
            weights = np.zeros(len(first))
            weights[first == np.arange(len(first))] = mixture
            result.append(weights)
        return result

    def spread_joint(self, joint: Joint) -> Joint:
        """A joint distribution over the different players as one over all: the first of equals has the weight."""
        weights = np.zeros(self.sizes)
        firsts = [np.flatnonzero(first == np.arange(len(first))) for first in self.by_side(self.first)]
        weights[np.ix_(*firsts)] = joint.weights
        return Joint(weights)

    def merged(self, mixtures: Sequence[Array | Sequence[float]]) -> list[Floats]:
        """The mixtures, of populations or sides, with the weights of equal players summed on the first of them."""
        result = []
        firsts = self.first if len(mixtures) == len(self.first) else self.by_side(self.first)
        for first, mixture in zip(firsts, mixtures, strict=True):
            weights = np.zeros(len(first))
            np.add.at(weights, first[: len(mixture)], mixture)
            result.append(weights)
        return result

    def expected(self, mixtures: Sequence[Array | Sequence[float]]) -> tuple[Floats, Floats]:
        """What the first side of each population earns, `float64[P]`, and half its 95 % interval.

        `mixtures`: one for each population, or for each side, drawn independently. The interval is of the matches'
        chance alone: 0 where all is exact, infinite where a cell that it takes was played once. A cell without weight
        is not read; one that has weight and was not played makes NaN of both. In a symmetric game the cells that differ
        by an exchange of sides are the same matches: their errors add up, as if they were equal, which is a bound;
        those of a zero-sum pair cancel, and it is worth 0 for certain.
        """
        alike = self.symmetric and len(mixtures) == 1
        weight = np.ones(())
        for mixture in self.merged(self.by_side(mixtures) if alike else mixtures):
            weight = np.multiply.outer(weight, mixture)
        taken = weight > 0
        share, count = weight[taken], self.count[taken]
        means = self.mean[:, taken] @ share
        spread = _variance(self.m2[:, taken], count) / np.maximum(count, 1)
        if not self.symmetric:
            return means, np.where(np.isnan(means), np.nan, Z95 * np.sqrt(spread @ share**2))
        if alike and _cancels(self.mean[0], taken):
            return np.zeros(1), np.zeros(1)
        matches = np.unique(np.sort(np.argwhere(taken), axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        errors = np.bincount(matches, weights=share * np.sqrt(spread[0]))
        return means, np.where(np.isnan(means), np.nan, Z95 * np.sqrt(errors @ errors))

    def expected_joint(self, joint: Joint) -> tuple[Floats, Floats]:
        """As `expected`, where the players of all sides are drawn together. The interval is a bound: errors add up."""
        taken = joint.weights > 0
        share, count = joint.weights[taken], self.count[taken]
        means = self.mean[:, taken] @ share
        errors = np.sqrt(_variance(self.m2[:, taken], count) / np.maximum(count, 1)) @ share
        return means, np.where(np.isnan(means), np.nan, Z95 * errors)


def margins(count: float, m2: Array | Sequence[float]) -> Floats:
    """Half the 95 % intervals of means of `count` matches; 0 where it is below 0 or infinite, which is exact."""
    known = np.inf if count < 0 else float(count)
    return np.asarray(Z95 * np.sqrt(_variance(np.asarray(m2, dtype=np.float64), np.asarray(known)) / max(known, 1)))


def _cancels(mean: Floats, taken: Bools) -> bool:
    """Whether, in these cells, what one side of a pair earns is what the other loses."""
    return mean.ndim == 2 and bool((np.where(taken, mean, 0.0) == -np.where(taken, mean, 0.0).T).all())


def _variance(m2: Floats, count: Floats) -> Floats:
    return np.asarray(np.where(count > 1, m2 / np.maximum(count - 1, 1), np.inf))
