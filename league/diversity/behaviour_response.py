"""Behaviour and response: how else a player behaves than its population, and how far off its payoffs are (BD&RD-PSRO).

Why: players may behave differently and earn the same, or earn differently by behaving much the same; this counts both.
Behaviour: the Jensen-Shannon divergence between how the player and how the meta-strategy behave. Response: the squared
distance of its row of payoffs from all rows that mixtures of the population have, so that what is new enlarges the
gamescape.
Source: Liu, Jia, Wen, Yang, Hu, Chen, Fan and Hu, "Unifying behavioral and response diversity for open-ended learning
in zero-sum games", NeurIPS 2021. They bound the distance from below, to have a slope; this takes the distance itself,
whose slope is twice the way from the nearest mixture to the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from league.diversity import Gain, Known
from league.diversity.smoothed import LEAST, smoothed
from marl.registry.ranges import at_least
from marl.types import Floats

_SUM = 1e3  # how strongly the weights of the nearest mixture are held to sum to 1, where payoffs are about 1


@dataclass
class Params:
    """How much each part counts."""

    behaviour: float = 1.0
    response: float = 1.0

    def __post_init__(self) -> None:
        at_least(self, 0, "behaviour", "response")


class BehaviourResponse:
    """The weighted sum of both parts."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, known: Known, row: Floats, behaviour: Floats) -> Gain:
        """See `Diversity`."""
        way = row - nearest(known.table, row)
        apart, slope = divergence(smoothed(behaviour), smoothed(known.weights @ known.behaviours))
        parts = self.params
        value = parts.behaviour * apart + parts.response * float(way @ way)
        return Gain(value, 2 * parts.response * way, parts.behaviour * (1 - LEAST) * slope)


def nearest(table: Floats, row: Floats) -> Floats:
    """The row that is nearest to `row`, `float64[m]`, of those that mixtures of the players of `table` have."""
    system = np.vstack([table.T, np.full((1, len(table)), _SUM)])
    weights, _ = nnls(system, np.append(row, _SUM))
    return np.asarray(weights @ table / weights.sum())


def divergence(one: Floats, other: Floats) -> tuple[float, Floats]:
    """The Jensen-Shannon divergence of two positive distributions, and its slope by the first."""
    mean = (one + other) / 2
    slope = np.log(one / mean) / 2
    return float(one @ slope + other @ np.log(other / mean) / 2), slope
