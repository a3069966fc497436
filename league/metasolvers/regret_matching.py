"""Regret matching: mixtures in proportion to what each player would have earned beyond what was earned so far.

Why: it has no step size, and its average is a Nash equilibrium of a zero-sum table of two sides; with more sides or
general sum all together come to a coarse correlated equilibrium, of which this gives the marginals. Regret matching+
forgets negative regrets and weighs late mixtures more, which is far faster in practice.
Source: Hart and Mas-Colell, "A simple adaptive procedure leading to correlated equilibrium", Econometrica 68, 2000;
Tammelin, "Solving large imperfect information games using CFR+", 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.metasolvers.replicator import earnings, populations, scaled
from league.payoffs import Payoffs
from marl.registry.ranges import at_least
from marl.types import Floats


@dataclass
class Params:
    """How long, and which of the two."""

    iterations: int = 2_000
    """Steps; all sides step at once."""
    plus: bool = True
    """Whether it is regret matching+: negative regrets are forgotten, and step t weighs t in the average."""

    def __post_init__(self) -> None:
        at_least(self, 1, "iterations")


class RegretMatching:
    """Runs from the uniform mixtures, on a table scaled to [-1, 1]."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The average mixture of each side, `float64[n]`."""
        sizes = populations(payoffs)
        starts, owner = np.cumsum((0, *sizes[:-1])), np.repeat(np.arange(len(sizes)), sizes)
        uniform = (1.0 / np.array(sizes))[owner]
        earned, fitness = np.zeros(len(owner)), earnings(scaled(payoffs), payoffs.symmetric)
        regrets, total, mixtures = np.zeros(len(owner)), np.zeros(len(owner)), uniform
        for step in range(1, self.params.iterations + 1):
            total += step * mixtures if self.params.plus else mixtures
            fitness(mixtures, earned)
            regrets += earned - np.add.reduceat(mixtures * earned, starts)[owner]
            if self.params.plus:
                np.maximum(regrets, 0.0, out=regrets)
            positive = np.maximum(regrets, 0.0)
            sums = np.add.reduceat(positive, starts)[owner]
            mixtures = np.where(sums > 0, positive / np.where(sums > 0, sums, 1.0), uniform)
        return payoffs.by_side([side / side.sum() for side in np.split(total, starts[1:])])
