"""Fixed-point iteration: everybody follows the best response to the step before, or the softmax one.

It converges where the response is a contraction, which greedy ones seldom are, and softmax ones at high temperatures.
Source: Guo et al., Learning mean-field games, NeurIPS 2019; with a temperature Cui and Koeppl, AISTATS 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

from marl.registry.ranges import above
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State
from marl_meanfield.solvers.respond import respond


@dataclass
class Params:
    """Of fixed-point iteration."""

    temperature: float | None = None
    """Respond by the softmax of what actions are worth over this; null: by the best one."""

    def __post_init__(self) -> None:
        above(self, 0, "temperature")


class FixedPoint:
    """The response to the population, which the population then is."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        return {"policy": exact.uniform(game)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        state["policy"][...] = respond(game, along, self.params.temperature)
