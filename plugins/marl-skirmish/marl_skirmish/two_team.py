"""Two teams of agents, mirrored: each is a side, and so a player of leagues and tournaments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from marl.env import Lanes
from marl.types import Array, Bools, Floats, Ints
from marl_skirmish.skirmish import LOST, SCALE, WON, Skirmish, map_of


@dataclass
class TwoTeamParams:
    """Parameters of skirmish/two_team."""

    map: str = "3m"  # one whose teams are alike; see `marl_skirmish/maps.py`
    reward: Literal["shaped", "sparse"] = (
        "sparse"  # 1 for a win and -1 for a loss; or damage, kills and a win, less theirs
    )
    units: str = ""  # of each team, instead of the map's, as in "2 marauder, 8 marine"

    def __post_init__(self) -> None:
        map = map_of(self.map, self.units, self.units)
        if sorted(map.team(map.allies)) != sorted(map.team(map.enemies)):
            raise ValueError(
                f"the teams of the map {self.map} are not alike, so no match between them is fair: give units for both "
                f"(units: {map.allies}), or play it in skirmish/cooperative"
            )


class TwoTeam(Skirmish):
    """An `Environment` with two sides that are alike. Team 1 starts where team 0 is mirrored, and sees all mirrored."""

    def __init__(self, lanes: int, params: TwoTeamParams | None = None) -> None:
        self.params = params = params or TwoTeamParams()
        map = map_of(params.map, params.units, params.units)
        if map.starts in ("mixed", "surrounded"):  # who is surrounded is at a disadvantage
            map = replace(map, starts="reflected")
        super().__init__(lanes, map, 2, params.reward == "sparse")

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        army = self.army(lanes)
        taken, over = self.fight(lanes, army, np.ascontiguousarray(actions[0].T))
        won, lost = self.outcome[lanes] == WON, self.outcome[lanes] == LOST
        if self.sparse:
            earned = won.astype(float) - lost
        else:
            earned = taken[0] + won * self.win(army, 0) - taken[1] - lost * self.win(army, 1)
        return self._shared(earned), over | (self.tick[lanes] >= self.map.limit)

    def cut(self, lanes: Lanes) -> Bools:
        """None: time that is over is a draw, by the rules."""
        return np.zeros(len(lanes), np.bool_)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """A loss: the other team gets all that it has not yet taken."""
        army, first = self.army(lanes), agent < self.sizes[0]
        if self.sparse:
            return self._shared(np.where(first, -1.0, 1.0))
        lowest = self.lowest[lanes].T
        rest = [SCALE - self.measure(army, side, lowest) for side in (0, 1)]
        return self._shared(np.where(first, -rest[1], rest[0]))

    def _shared(self, earned: Floats) -> Floats:
        """What side 0 earns, `[L]`, as the rewards of all agents `[L, N]`."""
        signs = np.repeat([1.0, -1.0], self.sizes[0]) / self.sizes[0]
        return np.asarray(earned[:, None] * signs)
