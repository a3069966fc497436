"""Crowd modelling on a grid: near the bar in the middle it is nice, and where nobody else is; perhaps in four rooms.

Source: Perolat et al., Scaling up mean field games with online mirror descent, AAMAS 2022, sections 5.2 and 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marl.registry.ranges import at_least, at_most
from marl.types import Bools, Floats
from marl_meanfield.games.crowd import TINY
from marl_meanfield.games.roaming import Roaming
from marl_meanfield.transitions import Moves, steps

MOVES = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))  # row and column: stay, right, down, left, up


@dataclass
class Params:
    """Of crowd modelling on a grid."""

    size: int = 10
    """Rows, and columns."""
    horizon: int = 10
    """Moves of an agent."""
    rooms: Literal["open", "four"] = "open"
    """Whether walls make four rooms of the grid, with a door between neighbours."""
    start: Literal["everywhere", "corner"] = "everywhere"
    """Where agents begin."""
    bar: float = 1.0
    """How much being near the middle counts; 0: agents only avoid each other, which spreads them evenly."""
    effort: float = 1.0
    """What going all along a row costs; a move costs its share."""
    crowd_aversion: float = 1.0
    """How much the logarithm of the crowd around one counts."""
    wind: float = 0.2
    """How likely agents are moved to a neighbour after their own move."""

    def __post_init__(self) -> None:
        at_least(self, 3, "size")
        at_least(self, 1, "horizon")
        at_least(self, 0, "bar", "effort", "crowd_aversion", "wind")
        at_most(self, 1, "wind")


class CrowdGrid(Roaming):
    """Agents stay, or go to one of four neighbours, if there is no wall; then the wind may do so with them."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        shape = (params.size, params.size)
        walls = four_rooms(params.size) if params.rooms == "four" else np.zeros(shape, dtype=bool)
        start = ~walls if params.start == "everywhere" else np.zeros(shape, dtype=bool)
        if params.start == "corner":
            start[tuple(np.argwhere(~walls)[0])] = True
        initial = (start / start.sum()).reshape(1, -1)
        super().__init__(("crowd",), params.size**2, len(MOVES), params.horizon, initial, shape)
        to = steps(shape, MOVES, torus=False, blocked=walls.reshape(-1))
        chances = np.array([1.0 - params.wind, *[params.wind / 4] * 4])
        self.moves = Moves(to, to, chances)
        rows, columns = np.indices(shape)
        middle = params.size // 2
        place = 1.0 - (np.abs(rows - middle) + np.abs(columns - middle)).reshape(-1) / params.size
        cost = np.array([0.0, *[params.effort / params.size] * 4])
        self._base = (params.bar * place - cost[:, None])[None, None]
        self._aversion = params.crowd_aversion

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return np.asarray(self._base - self._aversion * np.log(flow + TINY)[:, :, None, :])


def four_rooms(size: int) -> Bools:
    """Walls around the grid and through its middle, with a door in each inner wall, bool `[size, size]`."""
    walls = np.zeros((size, size), dtype=bool)
    walls[[0, size // 2, -1], :] = True
    walls[:, [0, size // 2, -1]] = True
    for door in (size // 4, size - 1 - size // 4):
        walls[size // 2, door] = walls[door, size // 2] = False
    return walls
