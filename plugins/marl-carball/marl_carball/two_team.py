"""Two teams of agents that are alike: each is a side, and so a player of leagues and tournaments."""

from __future__ import annotations

import numpy as np

from marl.env import Lanes
from marl.types import Array, Bools, Floats, Ints
from marl_carball.carball import Carball, Params
from marl_carball.control import controls


class TwoTeam(Carball):
    """An `Environment` with two sides. Team 1 starts where team 0 does, turned by half a turn, and sees all so."""

    def __init__(self, lanes: int, params: Params | None = None) -> None:
        super().__init__(lanes, params or Params(), 2)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """A goal is worth 1 to a team, and -1 to the other."""
        earned, over = self.tick_of(lanes, controls(actions[0]))
        return self._shared(earned), over

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """The other team gets a goal."""
        return self._shared(np.where(agent < self.params.team, -1.0, 1.0))

    def _shared(self, earned: Floats) -> Floats:
        """What side 0 earns, `[L]`, as the rewards of all agents `[L, N]`."""
        signs = np.repeat([1.0, -1.0], self.params.team) / self.params.team
        return np.asarray(earned[:, None] * signs)
