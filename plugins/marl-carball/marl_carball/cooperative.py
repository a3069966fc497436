"""One team of agents; a script plays the other one, inside the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marl import rng, space
from marl.env import Lanes
from marl.types import Array, Bools, Floats, Ints
from marl_carball import sight
from marl_carball.carball import Carball, Params
from marl_carball.control import controls, nearest_choice
from marl_carball.field import Reals
from marl_carball.scripts import SCRIPTS


@dataclass
class CooperativeParams(Params):
    """Parameters of carball/cooperative."""

    opponent: Literal["idle", "random", "chaser", "keeper", "aimer", "striker", "rotation"] = "chaser"


class Cooperative(Carball):
    """An `Environment` with one side; what the team earns is shared out evenly."""

    def __init__(self, lanes: int, params: CooperativeParams | None = None) -> None:
        params = params or CooperativeParams()
        self._opponent = params.opponent
        super().__init__(lanes, params, 1)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """A goal is worth 1 to the team, and one of the script's -1."""
        control = np.concatenate([controls(actions[0]), self._theirs(lanes)], axis=1)
        earned, over = self.tick_of(lanes, control)
        return np.repeat(earned[:, None] / self.agents, self.agents, axis=1), over

    def _theirs(self, lanes: Lanes) -> Reals:
        """What the script does, `float32[L, n, 3]`."""
        team, action = self.params.team, self.spec.groups[0].action
        if self._opponent == "random":
            keys = rng.mix(self.seed[lanes][:, None], 12, self.tick[lanes][:, None], np.arange(team)).reshape(-1)
            drawn = space.sample(action, keys)
            return controls(drawn.reshape(len(lanes), team, *drawn.shape[1:]))
        rows = sight.observe(self.scene(lanes), 1).reshape(len(lanes) * team, -1)
        wanted = SCRIPTS[self._opponent](rows, self.layout)
        if isinstance(action, space.Discrete):  # as a policy that plays the same script has it
            wanted = controls(nearest_choice(wanted))
        return wanted.reshape(len(lanes), team, 3)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """A goal for the script."""
        return np.full((len(lanes), self.agents), -1.0 / self.agents)
