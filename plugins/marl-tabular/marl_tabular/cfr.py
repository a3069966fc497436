"""The family of counterfactual regret minimisation: `regret.py` is what they do, `weightings.py` how they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from marl.job import Job
from marl.registry.ranges import at_least, at_most
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame
from marl_tabular.regret import CFR, Weighting
from marl_tabular.weightings import Discounted, Plain, Plus


class _Family(TreeAlgorithm):
    """Regret minimisation with a weighting."""

    def weighting(self) -> Weighting:
        """How regrets and averages are weighted."""
        raise NotImplementedError

    def solver(self, game: LearnersGame, job: Job) -> CFR:
        return CFR(game, job.sides, self.weighting())


class CounterfactualRegret(_Family):
    """CFR."""

    def weighting(self) -> Plain:
        """How regrets and averages are weighted."""
        return Plain()


class RegretMatchingPlus(_Family):
    """CFR+."""

    def weighting(self) -> Plus:
        """How regrets and averages are weighted."""
        return Plus()


class LinearRegret(_Family):
    """Linear CFR."""

    def weighting(self) -> Discounted:
        """How regrets and averages are weighted."""
        return Discounted(1.0, 1.0, 1.0)


@dataclass
class DiscountedParams(Params):
    """How fast what was early is forgotten; the defaults are the paper's."""

    alpha: float = 1.5
    """Positive regrets shrink by t^alpha / (t^alpha + 1) in iteration t."""
    beta: float = 0.0
    """Negative ones by t^beta / (t^beta + 1): by half, at 0."""
    gamma: float = 2.0
    """Iteration t counts t^gamma times in the average."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "alpha", "gamma")
        at_least(self, -math.inf, "beta")
        at_most(self, 10, "gamma")


class DiscountedRegret(_Family):
    """DCFR."""

    parameters: ClassVar[type[Params]] = DiscountedParams

    def __init__(self, params: DiscountedParams | None = None) -> None:
        self.discounts = params or DiscountedParams()
        super().__init__(self.discounts)

    def weighting(self) -> Discounted:
        """How regrets and averages are weighted."""
        return Discounted(self.discounts.alpha, self.discounts.beta, self.discounts.gamma)
