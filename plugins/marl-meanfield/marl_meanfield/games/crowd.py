"""Crowd modelling on a circle: near the middle it is nice, and where nobody else is.

Source: Perrin et al., Fictitious play for mean field games, NeurIPS 2020, section 4.2 (the beach bar).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import at_least
from marl.types import Floats
from marl_meanfield.games.roaming import Roaming
from marl_meanfield.transitions import Moves, steps

TINY = 1e-25  # so that being where nobody is, is paid well, and not infinitely


@dataclass
class Params:
    """Of crowd modelling on a circle."""

    size: int = 10
    """Cells of the circle."""
    horizon: int = 10
    """Moves of an agent."""
    crowd_aversion: float = 1.0
    """How much the logarithm of the crowd around one counts."""

    def __post_init__(self) -> None:
        at_least(self, 2, "size")
        at_least(self, 1, "horizon")
        at_least(self, 0, "crowd_aversion")


class Crowd(Roaming):
    """Agents stay, or go left or right; then the wind moves them by one, or not, each a third of the time."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        size, middle = params.size, params.size // 2
        moves = ((-1,), (0,), (1,))
        super().__init__(("crowd",), size, len(moves), params.horizon, np.full((1, size), 1.0 / size))
        to = steps((size,), moves, torus=True)
        self.moves = Moves(to, to, np.full(3, 1 / 3))
        place = 1.0 - np.abs(np.arange(size) - middle) / middle
        cost = np.array([1.0, 0.0, 1.0]) / size
        self._base = (place - cost[:, None])[None, None]
        self._aversion = params.crowd_aversion

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return np.asarray(self._base - self._aversion * np.log(flow + TINY)[:, :, None, :])
