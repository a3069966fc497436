"""An epidemic (SIS): healthy people may keep away from others, which costs, and infected ones recover by chance.

While healthy people are indifferent between the two, which they are in the middle of a long horizon, the share of the
infected is `cost of distance / (infection * d)`, where `d`, what it is worth to be healthy, is
`(cost of illness - cost of distance) / recovery`: 10 / 27 with the defaults.

Source: Cui and Koeppl, Approximately solving mean field games via entropy-regularized deep RL, AISTATS 2021, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import at_least, at_most
from marl.types import Floats
from marl_meanfield.games.mixing import Mixing


@dataclass
class Params:
    """Of an epidemic."""

    horizon: int = 50
    """Days."""
    infected: float = 0.6
    """The share that is ill at first."""
    infection: float = 0.81
    """How likely a healthy one who goes out is infected, if all others are ill."""
    recovery: float = 0.3
    """How likely an ill one is healthy the next day."""
    illness: float = 1.0
    """What a day of it costs."""
    distance: float = 0.5
    """What a day away from others costs."""

    def __post_init__(self) -> None:
        at_least(self, 1, "horizon")
        at_least(self, 0, "infected", "infection", "recovery", "illness", "distance")
        at_most(self, 1, "infected", "infection", "recovery")


class Epidemic(Mixing):
    """States: healthy, ill. Actions: go out, keep away."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        start = np.array([[1.0 - params.infected, params.infected]])
        super().__init__(("people",), 2, 2, params.horizon, start)
        self._paid = -np.array([[0.0, params.illness], [params.distance, params.illness + params.distance]])

    def chances(self, distribution: Floats) -> Floats:
        """Where actions lead from each state, while people are spread so: `[A, S, S]`."""
        ill = self.params.infection * distribution[1]
        recovered = [self.params.recovery, 1.0 - self.params.recovery]
        return np.array([[[1.0 - ill, ill], recovered], [[1.0, 0.0], recovered]])

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return self._paid[None, None]
