"""Risk-averse equilibrium (RAE): nobody prefers another mixture, where all dislike what they earn to vary.

Each side weighs the variance of its return, over whom it may meet and over matches, against its mean: it wants
`mean - aversion * variance` to be large, a concave function of its own mixture, as a portfolio's. Without aversion
it is a Nash equilibrium; with it the sides prefer what does well against whatever the others do: in a stag hunt the
hare, where Nash goes for the stag.
Source: Slumbers, Mguni, Blumberg, McAleer, Yang and Wang, "A game-theoretic framework for managing risk in multi-agent
systems", ICML 2023. They find it by stochastic fictitious play; this follows the replicator dynamics of the same
objective, as `prd.py` does for the mean alone. Any number of sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.metasolvers.replicator import Fitness, averaged, places_of, populations, scaled
from league.payoffs import Payoffs
from marl.errors import UserError
from marl.registry.ranges import at_least
from marl.types import Floats

_LEAST = 1e-6  # how much of each mixture is spread over all players


@dataclass
class Params:
    """How much risk is disliked, and how the dynamics are followed."""

    aversion: float = 0.5
    """How much a unit of variance costs, for payoffs scaled to [-1, 1]; 0: nothing."""
    iterations: int = 2_000
    """Steps of the dynamics."""
    dt: float = 0.25
    """The time of a step."""

    def __post_init__(self) -> None:
        at_least(self, 1, "iterations")
        at_least(self, 0, "aversion")
        if self.dt <= 0:
            raise ValueError(f"dt must be above 0, not {self.dt}")


class RiskAverse:
    """Runs the dynamics from the uniform mixtures."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The mixture of each side, `float64[n]`. Raises UserError where a pairing was played once only."""
        params = self.params
        mixtures = averaged(self.preferences(payoffs), populations(payoffs), params.iterations, params.dt, _LEAST)
        return payoffs.by_side(mixtures)

    def preferences(self, payoffs: Payoffs) -> Fitness:
        """By how much each side's objective grows with the weight of each of its players."""
        if not np.isfinite(payoffs.variance).all():
            raise UserError("league/risk_averse needs the variance of every pairing, so two matches of each at least")
        tables, scale = scaled(payoffs), max(float(np.abs(table).max(initial=0.0)) for table in payoffs) or 1.0
        spread = payoffs.variance / scale**2
        spreads = [np.moveaxis(spread[0], 0, side) for side in range(len(payoffs))] if payoffs.symmetric else spread
        places = places_of(payoffs.sizes, payoffs.symmetric)
        means = [np.moveaxis(table, side, 0).reshape(table.shape[side], -1) for side, table in enumerate(tables)]
        noise = [np.moveaxis(table, side, 0).reshape(table.shape[side], -1) for side, table in enumerate(spreads)]

        def fitness(mixtures: Floats, out: Floats) -> None:
            for side, place in enumerate(places[: len(populations(payoffs))]):
                others, own = np.ones(1), mixtures[place]
                for other in (*places[:side], *places[side + 1 :]):
                    others = np.multiply.outer(others, mixtures[other]).ravel()
                earned = means[side] @ others  # of each player
                together = own @ means[side]  # of the mixture, against each pairing of the others
                risk = means[side] @ (others * together) - earned * (own @ earned) + own * (noise[side] @ others)
                out[place] = earned - 2 * self.params.aversion * risk

        return fitness
