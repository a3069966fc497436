"""Fictitious play: best responses to the average population so far, or softmax ones.

Source: Perrin et al., Fictitious play for mean field games, NeurIPS 2020 (arXiv:2007.03458), algorithm 1. With a
temperature: Cui and Koeppl, Approximately solving mean field games via entropy-regularized deep RL, AISTATS 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import above, at_most
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State
from marl_meanfield.solvers.respond import respond


@dataclass
class Params:
    """Of fictitious play."""

    temperature: float | None = None
    """Respond by the softmax of what actions are worth over this; null: by the best one."""
    learning_rate: float | None = None
    """The weight of a step's response in the average; null: that of all before it, 1 / (step + 1)."""

    def __post_init__(self) -> None:
        above(self, 0, "temperature", "learning_rate")
        at_most(self, 1, "learning_rate")


class FictitiousPlay:
    """A share of the population follows the newest response, and the others go on: so policies mix by who is where."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`."""
        return {"policy": exact.uniform(game)}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        policy = state["policy"]
        response = respond(game, along, self.params.temperature)
        share = 1.0 / (number + 1) if self.params.learning_rate is None else self.params.learning_rate
        others = exact.flow(game, response)
        old, new = (1.0 - share) * along[:-1, :, None, :], share * others[:-1, :, None, :]
        total = old + new
        mixed = (old * policy + new * response) / np.where(total > 0, total, 1.0)
        policy[...] = np.where(total > 0, mixed, exact.uniform(game))
