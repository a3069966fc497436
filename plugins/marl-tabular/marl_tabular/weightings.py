"""The family of counterfactual regret minimisation: what each member forgets, and how its average is weighted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from marl.types import Floats


@dataclass(frozen=True)
class Plain:
    """CFR: everything counts alike. Source: Zinkevich et al., NeurIPS 2007."""

    def forget(self, regret: Floats, t: int) -> None:
        """Nothing."""

    def average(self, t: int) -> float:
        """1."""
        return 1.0


@dataclass(frozen=True)
class Plus:
    """CFR+: regrets never fall below 0, and iteration t counts t times. Source: Tammelin, arXiv 1407.5042, 2014."""

    def forget(self, regret: Floats, t: int) -> None:
        """What is below 0."""
        np.maximum(regret, 0.0, out=regret)

    def average(self, t: int) -> float:
        """t."""
        return float(t)


@dataclass(frozen=True)
class Discounted:
    """Discounted CFR: positive regrets shrink by t^alpha / (t^alpha + 1), others by t^beta / (t^beta + 1).

    Iteration t counts t^gamma times. Linear CFR is alpha = beta = gamma = 1.
    Source: Brown and Sandholm, "Solving imperfect-information games via discounted regret minimization", AAAI 2019.
    """

    alpha: float
    beta: float
    gamma: float

    def forget(self, regret: Floats, t: int) -> None:
        """A part of everything."""
        positive, other = shrunk(t, self.alpha), shrunk(t, self.beta)
        if positive == other:
            regret *= positive
        else:
            regret *= np.where(regret >= 0, positive, other)

    def average(self, t: int) -> float:
        """t^gamma."""
        return math.pow(t, self.gamma)


def shrunk(t: int, power: float) -> float:
    """t^power / (t^power + 1), for any power."""
    small = math.pow(t, -abs(power))
    return (small if power < 0 else 1.0) / (1.0 + small)
