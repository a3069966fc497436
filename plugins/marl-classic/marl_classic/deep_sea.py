"""Deep sea: a grid whose treasure chance hardly ever reaches, to see whether a learner explores.

A diver begins in the upper left corner of a square of cells and sinks by one row a tick, to the left or to the right.
Which of the two actions goes right differs from cell to cell, and is the same in every match. Each step to the right
costs a little; the treasure, 1, lies in the lower right corner, where only those come who have always gone right. Of
the matches of who chooses by chance, one in 2^size ends there; and who learns from the costs alone learns to go left.
Source: Osband, Doron, Hessel, et al., "Behaviour suite for reinforcement learning", ICLR 2020 (arXiv:1908.03568).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.env import Frame, Lanes
from marl.games import OneAgent, one_agent_spec
from marl.games.drawing import BLUE, PAPER, YELLOW, circle, rect, svg
from marl.space import Box, Discrete
from marl.types import Array, ArrayTree, Bools, Floats

COST = 0.01  # of going right all the way
_CELL = 20


@dataclass
class DeepSeaParams:
    """Parameters of DeepSea."""

    size: int = 10
    """Rows and columns, from 2 to 100."""
    actions: int = 0
    """Which of the two actions goes right in which cell: a number for each such choice."""

    def __post_init__(self) -> None:
        if not 2 <= self.size <= 100:
            raise ValueError(f"size must be from 2 to 100, not {self.size}")


class DeepSea(OneAgent):
    """An `Environment` of one agent. It sees in which cell it is, `[size * size]`, one 1 among zeros."""

    worst = -COST
    column: Array  # int64[lanes]; the row is the tick

    def __init__(self, lanes: int, params: DeepSeaParams | None = None) -> None:
        params = params or DeepSeaParams()
        self.size = params.size
        chance = np.random.Generator(np.random.Philox(key=params.actions))
        self.right = chance.integers(0, 2, size=(self.size, self.size))
        seen = Box((self.size**2,), 0, 1)
        super().__init__(one_agent_spec(seen, Discrete(2), self.size, (-COST * self.size, 1.0 - COST)), lanes)

    def fields(self) -> dict[str, Any]:
        return {"column": np.int64(0)}

    def begin(self, lanes: Lanes) -> None:
        """All begin in the upper left corner."""

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        row, column = self.tick[lanes], self.column[lanes]
        right = actions == self.right[row, column]
        last = row == self.size - 1
        self.column[lanes] = np.clip(column + np.where(right, 1, -1), 0, self.size - 1)
        found = last & right & (column == self.size - 1)
        return found - right * COST / self.size, last, False

    def observe(self, lanes: Lanes) -> ArrayTree:
        row = np.minimum(self.tick[lanes], self.size - 1)
        return np.eye(self.size**2, dtype=np.float32)[row * self.size + self.column[lanes]]

    def render(self, lane: int) -> Frame:
        row, column = min(int(self.tick[lane]), self.size - 1), int(self.column[lane])
        lines = ["." * self.size for _ in range(self.size)]
        lines[-1] = lines[-1][:-1] + "$"
        lines[row] = f"{lines[row][:column]}@{lines[row][column + 1 :]}"
        size, half = self.size * _CELL, _CELL / 2
        parts = [rect(x * _CELL, y * _CELL, _CELL, _CELL, PAPER) for y in range(self.size) for x in range(self.size)]
        parts.append(circle(size - half, size - half, 6, YELLOW))
        parts.append(circle(column * _CELL + half, row * _CELL + half, 7, BLUE))
        return Frame("\n".join(lines), svg(size, size, parts))
