"""The two-step game: the first agent chooses which matrix game both then play, a safe one or one worth coordinating on.

After action 0 of the first agent (what the second does is not looked at) everything pays 7. After action 1 the pay is
0 for (0, 0), 8 for (1, 1) and 1 for the rest. What teams earn is shared; everybody sees the state.

Known answers: 8 is best. Adding up the agents' values (VDN) cannot represent the second game, and learns to take 7
where it explores uniformly; mixing them monotonically (QMIX) can, and learns 8. Source: Rashid et al., "QMIX", ICML
2018, section 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints

PAYS = np.array([[[7, 7], [7, 7]], [[0, 1], [1, 8]]], dtype=np.float64)  # [game][first agent][second agent]


class TwoStep(SimultaneousGame):
    """An `Environment`. A row shows which of three states it is, one-hot: the choice, the safe game, the other."""

    game: Ints  # int64[lanes], the state: 0 is the choice, 1 and 2 the games

    def __init__(self, lanes: int) -> None:
        seen = Box((3,), 0, 1)
        group = Group("players", (0, 1), seen, Discrete(2))
        names = ("player_0", "player_1")
        spec = EnvSpec(names, (group,), ((0, 1),), "simultaneous", max_length=2, returns=(0.0, 8.0), state=seen)
        super().__init__(spec, lanes)

    def fields(self) -> dict[str, Any]:
        return {"game": np.int64(0)}

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        first, second = actions[0].T
        game = self.game[lanes]
        paid = np.where(game > 0, PAYS[game - 1, first, second], 0.0)
        self.game[lanes] = np.where(game > 0, game, 1 + first)
        return np.repeat(paid[:, None] / 2, 2, axis=1), game > 0

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        return self.state(lanes)

    def state(self, lanes: Lanes) -> Array:
        return (self.game[lanes, None] == np.arange(3)).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        return np.zeros((len(lanes), 2))

    def render(self, lane: int) -> Frame:
        words = ("which game?", "the safe game: 7", "the other game: 0, 1 or 8")[self.game[lane]]
        return Frame(words, svg(260, 40, [text(8, 26, words, 14, anchor="start")]))
