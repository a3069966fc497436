"""Projected replicator dynamics: mixtures move towards whoever earns more, and no player of them dies out.

Why: it is smoother than an equilibrium, for which every small change of the table may be a large one, and it does for
any number of sides and general sum. The answer is the average over time, as in OpenSpiel; the dynamics are those of
the paper in continuous time, see `replicator.py`.
Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning", NeurIPS 2017,
section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from league.metasolvers.replicator import averaged, earnings, populations, scaled
from league.payoffs import Payoffs
from marl.types import Floats


@dataclass
class Params:
    """How long and how boldly to step."""

    iterations: int = 800
    """Steps."""
    dt: float = 0.625
    """The time of a step, for payoffs scaled to [-1, 1]; above about 0.7 steps may overshoot."""
    gamma: float = 1e-6
    """How much of each mixture is spread over all players."""

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.dt <= 0 or not 0 <= self.gamma < 1:
            raise ValueError("needs iterations >= 1, dt > 0 and 0 <= gamma < 1")


class ProjectedReplicator:
    """Runs the dynamics from the uniform mixtures."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The mixture of each side over time, `float64[n]`."""
        params = self.params
        fitness = earnings(scaled(payoffs), payoffs.symmetric)
        mixtures = averaged(fitness, populations(payoffs), params.iterations, params.dt, params.gamma)
        return payoffs.by_side(mixtures)
