"""Tic-tac-toe. Actions are the cells 0 to 8, row by row from the top left; player 0 plays x and begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from marl.env import Frame, Lanes
from marl.games import TurnGame, turn_spec
from marl.games.drawing import BLUE, RED, rect, svg, text
from marl.space import Box
from marl.types import Array, Bools, Floats, Ints
from marl_classic.drawing import CELL

_LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
_WINS = np.array([any(all(board >> cell & 1 for cell in line) for line in _LINES) for board in range(512)])
"""Whether a player who holds these cells (bits of the index) has three in a row, `bool[512]`."""


class TicTacToe(TurnGame):
    """Three in a row wins. Observations are OpenSpiel's: planes `[3, 3, 3]` of empty cells, noughts and crosses."""

    planes: Array  # float32[lanes, 27]
    held: Ints  # int64[lanes, 2], the cells of each player as bits

    def __init__(self, lanes: int) -> None:
        box = Box((3, 3, 3), 0, 1)
        known = {"zero_sum": True, "perfect_information": True, "deterministic": True}
        super().__init__(turn_spec(2, box, 9, max_length=9, returns=(-1.0, 1.0), state=box, **known), lanes)

    def fields(self) -> dict[str, Any]:
        return {"planes": np.repeat(np.array([1, 0, 0], np.float32), 9), "held": np.zeros(2, np.int64)}

    def legal(self, lanes: Lanes) -> Bools:
        return self.planes[lanes, :9] > 0

    def play(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        self.planes[lanes, action] = 0
        self.planes[lanes, 18 - 9 * agent + action] = 1
        self.held[lanes, agent] |= 1 << action
        self.player[lanes] = 1 - agent
        won = _WINS[self.held[lanes, agent]]
        gain = np.where(won, 1.0 - 2.0 * agent, 0.0)
        return np.stack([gain, -gain], axis=1), won | (self.tick[lanes] == 9)

    def observe(self, lanes: Lanes, agent: Ints) -> Array:
        return self.planes.take(lanes, axis=0).reshape(-1, 3, 3, 3)

    def state(self, lanes: Lanes) -> Array:
        return self.planes.take(lanes, axis=0).reshape(-1, 3, 3, 3)

    def render(self, lane: int) -> Frame:
        marks = np.array([".", "o", "x"])[self.planes[lane].reshape(3, 3, 3).argmax(axis=0)]
        parts = []
        for (row, column), mark in np.ndenumerate(marks):
            parts.append(rect(column * CELL, row * CELL, CELL, CELL, "white"))
            if mark != ".":
                colour = BLUE if mark == "x" else RED
                parts.append(text((column + 0.5) * CELL, (row + 0.75) * CELL, mark, 30, colour))
        return Frame("\n".join("".join(row) for row in marks), svg(3 * CELL, 3 * CELL, parts))
