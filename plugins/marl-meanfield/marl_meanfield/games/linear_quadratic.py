"""Linear-quadratic: agents on a line want to be near the mean of all, and not to hurry.

On a fine grid the equilibrium is that of the game on the whole line: the mean stays, and an agent goes towards it at a
speed that is `(P + q) / (1 + P dt)` times its distance, where `P` follows from Riccati's equation.

Source: Perrin et al., Fictitious play for mean field games, NeurIPS 2020, section 4.1; Carmona, Fouque, Sun, Mean field
games and systemic risk, Communications in Mathematical Sciences 13, 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import above, at_least, at_most
from marl.types import Floats
from marl_meanfield.games.roaming import Roaming
from marl_meanfield.transitions import Moves, steps


@dataclass
class Params:
    """Of the linear-quadratic game."""

    states: int = 121
    """Cells of the line."""
    reach: float = 3.0
    """The line goes from minus this to this."""
    speeds: int = 30
    """Cells that an agent can go in a step, to each side."""
    horizon: int = 10
    """Steps."""
    step: float = 0.5
    """How long a step is, dt."""
    noise: float = 0.2
    """How likely the wind blows an agent to the next cell in a step, half to each side."""
    coupling: float = 0.1
    """q: what it is worth to go towards the mean, for each unit of speed and distance."""
    distance: float = 0.5
    """kappa: what the square of the distance to the mean costs, twice."""
    final: float = 1.0
    """c: the same at the end."""
    start: float = -1.0
    """Where agents are at first, in the mean."""
    spread: float = 0.5
    """The deviation of where they are at first."""

    def __post_init__(self) -> None:
        at_least(self, 3, "states")
        at_least(self, 1, "speeds", "horizon")
        above(self, 0, "reach", "step", "spread")
        at_least(self, 0, "noise", "coupling", "distance", "final")
        at_most(self, 1, "noise")


class LinearQuadratic(Roaming):
    """Actions are speeds; whoever would leave the line stays at its end. `places` `[S]`, `speeds` `[A]`."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        self.places = np.linspace(-params.reach, params.reach, params.states)
        cells = np.arange(-params.speeds, params.speeds + 1)
        self.speeds = cells * (self.places[1] - self.places[0]) / params.step
        bell = np.exp(-0.5 * ((self.places - params.start) / params.spread) ** 2)
        super().__init__(("agents",), params.states, len(cells), params.horizon, (bell / bell.sum())[None])
        to = steps((params.states,), cells[:, None].tolist(), torus=False)
        wind = steps((params.states,), ((0,), (-1,), (1,)), torus=False)
        self.moves = Moves(to, wind, np.array([1.0 - params.noise, params.noise / 2, params.noise / 2]))

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        p, away = self.params, self._away(flow)
        speed = self.speeds[:, None]
        paid = -(speed**2) + 2 * p.coupling * speed * away - p.distance * away**2
        return np.asarray(0.5 * p.step * paid)

    def final(self, distribution: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return np.asarray(-0.5 * self.params.final * self._away(distribution)[..., 0, :] ** 2)

    def _away(self, flow: Floats) -> Floats:
        """From each cell to the mean, `[..., 1, S]`."""
        mean = flow @ self.places
        return np.asarray(mean[..., None, None] - self.places)
