"""Online mirror descent with momentum, and with smaller rates where values are sums over more times.

Where the crowd is shunned and payoffs have a potential (crowd modelling), mirror descent follows the gradient of a
concave function, and momentum takes it from an error like 1 / k after k iterations to one like 1 / k^2; elsewhere
nothing is promised. What an action is worth answers for all later times, so that a rate that is safe at the end is wild
at the beginning: it is divided by the steps that are left.

Source: Krichene, Bayen, Bartlett, Accelerated mirror descent in continuous and discrete time, NeurIPS 2015; Perolat et
al., Scaling up mean field games with online mirror descent, AAMAS 2022.
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
    """Of mirror descent with momentum."""

    learning_rate: float = 1.0
    """By how much what an action is worth counts, for each step that is left."""

    def __post_init__(self) -> None:
        above(self, 0, "learning_rate")


class Accelerated:
    """Add up what actions are worth, go on a little in the direction of the last step, and follow the softmax of it."""

    def __init__(self, params: Params | None = None) -> None:
        self.rate = (params or Params()).learning_rate

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        return {"policy": exact.uniform(game), "sums": exact.logits(game), "ahead": exact.logits(game)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        policy, sums, ahead = state["policy"], state["sums"], state["ahead"]
        momentum = (number - 1) / (number + 2)
        legal = game.legal

        def add(time: int, q: Floats) -> Floats:
            values = (policy[time] * q).sum(axis=-2)
            q -= values[:, None, :]
            q *= self.rate / (game.horizon - time)
            q += ahead[time]  # the new sums
            np.subtract(q, sums[time], out=ahead[time])
            ahead[time] *= momentum
            ahead[time] += q
            if legal is not None:  # minus infinity less minus infinity is no number
                ahead[time][~legal[min(time, len(legal) - 1)]] = -np.inf
            sums[time] = q
            exact.softmax(ahead[time], out=policy[time])
            return np.asarray(values)

        exact.backward(game, along, add)
