"""Boltzmann policy iteration: a softmax of what actions are worth under the policy of the step before.

Source: Cui and Koeppl, Approximately solving mean field games via entropy-regularized deep RL, AISTATS 2021, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import above
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


@dataclass
class Params:
    """Of Boltzmann policy iteration."""

    temperature: float = 100.0
    """What the values of actions are divided by."""

    def __post_init__(self) -> None:
        above(self, 0, "temperature")


class PolicyIteration:
    """Evaluate the policy, and follow the softmax of what actions are worth."""

    def __init__(self, params: Params | None = None) -> None:
        self.temperature = (params or Params()).temperature

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        return {"policy": exact.uniform(game)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        policy = state["policy"]

        def improve(time: int, q: Floats) -> Floats:
            values = (policy[time] * q).sum(axis=-2)
            policy[time] = exact.softmax(exact.masked(game, time, q) / self.temperature)
            return np.asarray(values)

        exact.backward(game, along, improve)
