"""Munchausen online mirror descent: the next policy from the one before it alone, without a sum of values.

Source: Lauriere et al., Scalable deep reinforcement learning algorithms for mean field games, ICML 2022
(arXiv:2203.11973), section 4.2; the exact form, in which it takes the same steps as online mirror descent.
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
    """Of Munchausen online mirror descent."""

    learning_rate: float = 0.01
    """By how much what actions are worth counts beside the logarithm of the policy."""

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate")


class Munchausen:
    """Follow the softmax of what actions are worth, times the rate, plus the logarithm of the policy."""

    def __init__(self, params: Params | None = None) -> None:
        self.rate = (params or Params()).learning_rate

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        policy = exact.uniform(game)
        with np.errstate(divide="ignore"):
            return {"policy": policy, "logarithms": np.log(policy)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        policy, logarithms = state["policy"], state["logarithms"]

        def improve(time: int, q: Floats) -> Floats:
            values = (policy[time] * q).sum(axis=-2)
            raised = self.rate * q + logarithms[time]
            raised -= raised.max(axis=-2, keepdims=True)
            logarithms[time] = raised - np.log(np.exp(raised).sum(axis=-2, keepdims=True))
            policy[time] = np.exp(logarithms[time])
            return np.asarray(values)

        exact.backward(game, along, improve)
