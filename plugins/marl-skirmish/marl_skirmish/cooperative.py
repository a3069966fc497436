"""One team of agents against a script inside the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marl import rng
from marl.env import Lanes
from marl.types import Array, Bools, Floats, Ints
from marl_skirmish.scripts import SCRIPTS
from marl_skirmish.skirmish import LOST, WON, Skirmish, map_of
from marl_skirmish.view import view_of_army


@dataclass
class CooperativeParams:
    """Parameters of skirmish/cooperative."""

    map: str = "3m"  # see `marl_skirmish/maps.py`
    opponent: Literal["idle", "random", "hold", "nearest", "focus", "kite", "retreat", "swarm"] = "nearest"
    reward: Literal["shaped", "sparse"] = "shaped"  # damage, kills and a win, at most 20; or 1 for a win, -1 for a loss
    allies: str = ""  # instead of the map's, as in "2 marauder, 8 marine"
    enemies: str = ""

    def __post_init__(self) -> None:
        map_of(self.map, self.allies, self.enemies)


class Cooperative(Skirmish):
    """An `Environment` with one side; what the team earns is shared out evenly."""

    def __init__(self, lanes: int, params: CooperativeParams | None = None) -> None:
        self.params = params = params or CooperativeParams()
        self._script = SCRIPTS[params.opponent]
        super().__init__(lanes, map_of(params.map, params.allies, params.enemies), 1, params.reward == "sparse")

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        army = self.army(lanes)
        enemies = np.arange(self.sizes[0], sum(self.sizes))
        chance = rng.uniform(rng.mix(self.seed[lanes], 5, self.tick[lanes], enemies[:, None]).reshape(-1))
        theirs = self._script(view_of_army(army, 1, chance))
        act = np.concatenate([actions[0].T, theirs.reshape(len(enemies), len(lanes))])
        (taken, _), over = self.fight(lanes, army, act)
        won, lost = self.outcome[lanes] == WON, self.outcome[lanes] == LOST
        earned = won.astype(float) - lost if self.sparse else taken + won * self.win(army, 0)
        rewards = np.repeat(earned[:, None] / self.agents, self.agents, axis=1)
        return rewards, over | (self.tick[lanes] >= self.map.limit)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more; where only the end counts, a loss."""
        return np.full((len(lanes), self.agents), -1.0 / self.agents if self.sparse else 0.0)
