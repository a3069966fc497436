"""Online mirror descent: a softmax of the sum of all values so far.

Source: Perolat et al., Scaling up mean field games with online mirror descent, AAMAS 2022 (arXiv:2103.00623),
algorithm 1.
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
    """Of online mirror descent."""

    learning_rate: float = 0.01
    """By how much the values of a step count; the paper's inverse temperature."""

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate")


class MirrorDescent:
    """Evaluate the policy where everybody follows it, add up what actions are worth, and follow the softmax of it."""

    def __init__(self, params: Params | None = None) -> None:
        self.rate = (params or Params()).learning_rate

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        return {"policy": exact.uniform(game), "sums": exact.logits(game)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        policy, sums = state["policy"], state["sums"]

        def add(time: int, q: Floats) -> Floats:
            values = (policy[time] * q).sum(axis=-2)
            q *= self.rate
            sums[time] += q
            exact.softmax(sums[time], out=policy[time])
            return np.asarray(values)

        exact.backward(game, along, add)
