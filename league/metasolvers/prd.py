"""Projected replicator dynamics: replicator steps, kept away from the simplex's border so that no player dies out.

Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning", NeurIPS 2017,
section 3.3. The answer is the average over time, as in OpenSpiel. Any number of sides, general sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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

    def __init__(self, iterations: int = 10_000, dt: float = 0.05, gamma: float = 1e-6) -> None:
        self.iterations, self.dt, self.gamma = iterations, dt, gamma

    def __call__(self, payoffs: Sequence[Floats]) -> Sequence[Floats]:
        scale = max(float(np.abs(table).max(initial=0.0)) for table in payoffs) or 1.0
        tables = [table / scale for table in payoffs]
        mixtures = [np.full(n, 1.0 / n) for n in tables[0].shape]
        totals = [np.zeros_like(mixture) for mixture in mixtures]
        for _ in range(self.iterations):
            fitness = [worth(table, mixtures, side) for side, table in enumerate(tables)]
            for side, mixture in enumerate(mixtures):
                step = mixture * (fitness[side] - mixture @ fitness[side])
                mixtures[side] = project(mixture + self.dt * step, self.gamma)
                totals[side] += mixtures[side]
        return [total / total.sum() for total in totals]


def worth(table: Floats, mixtures: Sequence[Floats], side: int) -> Floats:
    """What each player of `side` earns against the others' mixtures: `[n_0, n_1, ...] -> [n_side]`."""
    for other in range(len(mixtures) - 1, -1, -1):
        if other != side:
            table = np.tensordot(table, mixtures[other], axes=(other, 0))
    return table


def project(point: Floats, gamma: float) -> Floats:
    """The nearest distribution whose every weight is at least `gamma / n` (Duchi et al., ICML 2008)."""
    floor = gamma / len(point)
    if point.min() >= floor and abs(point.sum() - 1.0) < 1e-12:
        return point
    free = point - floor
    size = 1.0 - gamma
    descending = np.sort(free)[::-1]
    excess = (np.cumsum(descending) - size) / np.arange(1, len(point) + 1)
    threshold = excess[np.flatnonzero(descending > excess)[-1]]
    return np.asarray(np.maximum(free - threshold, 0.0) + floor)
