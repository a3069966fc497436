"""Projected replicator dynamics: replicator steps, kept away from the simplex's border so that no player dies out.

Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning", NeurIPS 2017,
section 3.3. The answer is the average over time, as in OpenSpiel. Any number of sides, general sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.payoffs import Payoffs
from marl.types import Floats


@dataclass
class Params:
    """How long and how boldly to step."""

    iterations: int = 10_000
    """Replicator steps."""
    dt: float = 0.05
    """The size of a step, for payoffs scaled to [-1, 1]."""
    gamma: float = 1e-6
    """How much of each mixture is spread over all players."""

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.dt <= 0 or not 0 <= self.gamma < 1:
            raise ValueError("needs iterations >= 1, dt > 0 and 0 <= gamma < 1")


class ProjectedReplicator:
    """Runs the dynamics from the uniform mixtures."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.iterations, self.dt, self.gamma = params.iterations, params.dt, params.gamma

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The mixture of each side that the dynamics come to, `float64[n]`."""
        tables = np.stack(list(payoffs))
        scale = float(np.abs(tables).max(initial=0.0)) or 1.0
        simplices = Simplices(payoffs.sizes, self.gamma)
        mixtures = simplices.uniform()
        earned = Fitness(tables / scale, mixtures)
        total = np.zeros_like(mixtures)
        for _ in range(self.iterations):  # everything in place: an array's making costs as much as its sums
            growth = earned()
            growth -= simplices.sums(mixtures * growth)
            growth *= self.dt
            growth += 1.0
            mixtures *= growth
            mixtures /= simplices.sums(mixtures)  # they are 1 but for rounding, which would grow
            simplices.project(mixtures)
            total += mixtures
        return [side / side.sum() for side in np.split(total, simplices.starts[1:])]


class Simplices:
    """The mixtures of all sides, one after the other in one array `[n_0 + n_1 + ...]`, their weights kept from 0.

    A weight is at least `gamma / n_s`.
    """

    def __init__(self, sizes: Sequence[int], gamma: float) -> None:
        self.starts = np.cumsum((0, *sizes[:-1]))
        self.owner = np.repeat(np.arange(len(sizes)), sizes)
        self.floor = (gamma / np.array(sizes))[self.owner]
        self.size = 1.0 - gamma
        self.sizes = np.array(sizes)

    def uniform(self) -> Floats:
        """Every player of a side alike."""
        return np.asarray((1.0 / self.sizes)[self.owner])

    def sums(self, values: Floats) -> Floats:
        """The sum over the own side, at each of its players."""
        return np.asarray(np.add.reduceat(values, self.starts)[self.owner])

    def project(self, points: Floats) -> None:
        """Move points, whose sums are 1 already, to the nearest distributions with all weights above the floor.

        Source: Michelot, "A finite algorithm for finding the projection of a point onto the canonical simplex", 1986.
        """
        above = points >= self.floor
        kept = np.count_nonzero(above)
        if kept == len(points):
            return
        points -= self.floor
        while True:
            threshold = (self.sums(points * above) - self.size) / self.sums(above.astype(np.float64))
            np.greater(points, threshold, out=above)
            before, kept = kept, np.count_nonzero(above)
            if kept == before:
                points -= threshold
                np.maximum(points, 0.0, out=points)
                points += self.floor
                return


class Fitness:
    """What each player of each side earns against `mixtures`, which lie one after the other: `[n_0 + n_1 + ...]`.

    `tables`: `[S, n_0, n_1, ...]`. A call gives an array of the shape of `mixtures`, as they are then; always the same.
    """

    def __init__(self, tables: Floats, mixtures: Floats) -> None:
        ends = np.cumsum(tables.shape[1:])
        self.mixtures = np.split(mixtures, ends[:-1])  # views
        self.result = np.zeros_like(mixtures)
        self.results = np.split(self.result, ends[:-1])
        self.tables = [np.ascontiguousarray(np.moveaxis(table, side, 0)) for side, table in enumerate(tables)]

    def __call__(self) -> Floats:
        """What each player earns against the present mixtures of the others, side after side."""
        for side, left in enumerate(self.tables):
            others = self.mixtures[:side] + self.mixtures[side + 1 :]
            for other in others[:0:-1]:  # sum out the last axis, and again
                left = (left.reshape(-1, len(other)) @ other).reshape(left.shape[:-1])
            if others:
                np.dot(left, others[0], out=self.results[side])
            else:
                self.result[:] = left
        return self.result
