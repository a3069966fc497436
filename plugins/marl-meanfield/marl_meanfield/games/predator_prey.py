"""Predators and prey: several populations on a torus, each of which hunts one, flees from one, and shuns its own crowd.

Source: Perolat et al., Scaling up mean field games with online mirror descent, AAMAS 2022, section 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import at_least, at_most
from marl.types import Floats
from marl_meanfield.games.crowd import TINY
from marl_meanfield.games.crowd_grid import MOVES
from marl_meanfield.games.roaming import Roaming
from marl_meanfield.transitions import Moves, steps


@dataclass
class Params:
    """Of predators and prey."""

    populations: int = 3
    """How many there are, in a circle: each hunts the one before, and flees from the next."""
    size: int = 10
    """Rows, and columns."""
    horizon: int = 10
    """Moves of an agent."""
    hunt: float = 1.0
    """What the share of the hunted where one is, pays, and that of the hunters costs."""
    crowd_aversion: float = 1.0
    """How much the logarithm of one's own crowd counts."""
    wind: float = 0.2
    """How likely agents are moved to a neighbour after their own move."""

    def __post_init__(self) -> None:
        at_least(self, 3, "populations", "size")
        at_least(self, 1, "horizon")
        at_least(self, 0, "hunt", "crowd_aversion", "wind")
        at_most(self, 1, "wind")


class PredatorPrey(Roaming):
    """Each population begins in a cell of its own, evenly along the diagonal. `pays` `[P, P]`: who pays whom."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        count, shape = params.populations, (params.size, params.size)
        initial = np.zeros((count, *shape))
        for number in range(count):
            cell = number * params.size // count
            initial[number, cell, cell] = 1.0
        names = tuple(f"population_{number}" for number in range(count))
        super().__init__(names, params.size**2, len(MOVES), params.horizon, initial.reshape(count, -1), shape)
        to = steps(shape, MOVES, torus=True)
        self.moves = Moves(to, to, np.array([1.0 - params.wind, *[params.wind / 4] * 4]))
        self.pays = params.hunt * (np.roll(np.eye(count), -1, axis=1) - np.roll(np.eye(count), 1, axis=1))

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        paid = self.pays @ flow - self.params.crowd_aversion * np.log(flow + TINY)
        return np.asarray(paid[:, :, None, :])
