"""A tech tree: things to gather and to make, each of which needs others first, and each of which pays once a match.

The agent goes up, down, left or right on a grid; to go where something lies is to gather it, if the tool for that is at
hand. Wood makes a table; beside it wood makes a pickaxe, with which stone and coal can be gathered; and so on to the
diamond, ten achievements deep. What cannot be gathered stands in the way, what cannot be made yet costs a tick. Where
all lies chance decides; the agent sees the 7 by 7 cells around it, and what it carries, but not what it has achieved.

| achievement | needs |
|---|---|
| `wood` | nothing |
| `table` | 2 wood, used up |
| `wood_pickaxe` | 1 wood, used up; a table near |
| `stone` | a wood pickaxe |
| `stone_pickaxe` | 1 wood and 1 stone, used up; a table near |
| `coal` | a wood pickaxe |
| `furnace` | 2 stone, used up; a table near |
| `iron` | a stone pickaxe |
| `iron_pickaxe` | 1 wood, 1 coal and 1 iron, used up; a table and a furnace near |
| `diamond` | an iron pickaxe |

In the style of: Hafner, "Benchmarking the spectrum of agent capabilities" (Crafter), ICLR 2022 (arXiv:2109.06780).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.games import OneAgent, one_agent_spec
from marl.games.drawing import BLUE, PAPER, rect, svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints

GROUND, WALL, TREE, STONE, COAL, IRON, DIAMOND, TABLE, FURNACE = range(9)
WOOD_PICKAXE, STONE_PICKAXE, IRON_PICKAXE = range(3)
ACHIEVEMENTS = (
    "wood",
    "table",
    "wood_pickaxe",
    "stone",
    "stone_pickaxe",
    "coal",
    "furnace",
    "iron",
    "iron_pickaxe",
    "diamond",
)
ACTIONS = ("up", "down", "left", "right", "table", "wood_pickaxe", "stone_pickaxe", "furnace", "iron_pickaxe")
STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
SIGHT, NEAR = 3, 2  # cells: how far the agent sees, and how far it reaches to a table or a furnace
MOST = 9  # of anything that can be carried
# what lies there can be gathered with this tool (-1: by hand), and is carried as wood, stone, coal, iron, diamond
GATHERED = {TREE: (-1, 0), STONE: (WOOD_PICKAXE, 1), COAL: (WOOD_PICKAXE, 2), IRON: (STONE_PICKAXE, 3)}
GATHERED |= {DIAMOND: (IRON_PICKAXE, 4)}
# what an action makes: the wood, stone, coal and iron that it takes, and what must be near
RECIPES = {
    "table": ((2, 0, 0, 0), ()),
    "wood_pickaxe": ((1, 0, 0, 0), (TABLE,)),
    "stone_pickaxe": ((1, 1, 0, 0), (TABLE,)),
    "furnace": ((0, 2, 0, 0), (TABLE,)),
    "iron_pickaxe": ((1, 0, 1, 1), (TABLE, FURNACE)),
}
_CARRIED = ("wood", "stone", "coal", "iron", "diamond")
_LETTERS, _SKINS = (
    " #TscidAF",
    (PAPER, "#888888", "#3f9d5a", "#b8b8b8", "#222222", "#d9a066", "#9fd8ef", "#8a5a2b", "#d64545"),
)


@dataclass
class TechTreeParams:
    """Parameters of TechTree."""

    size: int = 8
    """Rows and columns of the grid, from 7 to 40."""
    ticks: int = 120
    """How long a match lasts, at most."""
    trees: int = 8
    """How many there are; 5 wood are needed for everything."""
    stones: int = 6
    """How many there are; 3 are needed for everything."""
    ores: int = 1
    """How many there are of coal, of iron and of diamond."""

    def __post_init__(self) -> None:
        if not 7 <= self.size <= 40 or self.ticks < 1:
            raise ValueError(f"size is from 7 to 40 and ticks at least 1, not {self.size} and {self.ticks}")
        if self.trees < 5 or self.stones < 3 or self.ores < 1:
            raise ValueError("with fewer than 5 trees, 3 stones or 1 ore of each kind not everything can be made")
        if self.trees + self.stones + 3 * self.ores > self.size**2 // 2:
            raise ValueError(f"{self.trees + self.stones + 3 * self.ores} things fill more than half of the grid")


class TechTree(OneAgent):
    """An `Environment` of one agent. Observations are `[400]`: what is around it, what it carries, and its tools."""

    worst = 0.0
    cells: Array  # int8[lanes, H, W], with a wall around that is as thick as the agent sees far
    place: Ints  # int64[lanes, 2], row and column of the agent
    carried: Ints  # int64[lanes, 5], how much wood, stone, coal, iron and diamond
    tools: Bools  # bool[lanes, 3]
    achieved: Bools  # bool[lanes, 10]

    def __init__(self, lanes: int, params: TechTreeParams | None = None) -> None:
        self.params = params = params or TechTreeParams()
        kinds = [(TREE, params.trees), (STONE, params.stones), *((ore, params.ores) for ore in (COAL, IRON, DIAMOND))]
        self._things = np.concatenate([np.full(count, kind, np.int8) for kind, count in kinds])
        self._blank = np.full((params.size + 2 * SIGHT,) * 2, WALL, np.int8)
        self._blank[SIGHT:-SIGHT, SIGHT:-SIGHT] = GROUND
        self._centre = np.full(2, SIGHT + params.size // 2)
        seen = Box((8 * (2 * SIGHT + 1) ** 2 + len(_CARRIED) + 3,), 0, 1)
        spec = one_agent_spec(seen, Discrete(len(ACTIONS)), params.ticks, (0.0, float(len(ACHIEVEMENTS))))
        columns = {name: f"1 once the match has seen it: {name.replace('_', ' ')}" for name in ACHIEVEMENTS}
        super().__init__(replace(spec, info=columns), lanes)

    def fields(self) -> dict[str, Any]:
        carried, tools = np.zeros(len(_CARRIED), np.int64), np.zeros(3, np.bool_)
        achieved = np.zeros(len(ACHIEVEMENTS), np.bool_)
        return {"cells": self._blank, "place": self._centre, "carried": carried, "tools": tools, "achieved": achieved}

    def begin(self, lanes: Lanes) -> None:
        """Things lie anywhere but beside the agent, who begins in the middle."""
        size, (row, column) = self.params.size, self._centre - SIGHT
        free = np.ones((size, size), np.bool_)
        free[row - 1 : row + 2, column - 1 : column + 2] = False
        free = np.tile(free.reshape(-1), (len(lanes), 1))
        for number, thing in enumerate(self._things.tolist()):
            at = rng.choose(rng.mix(self.seed[lanes], number), free)
            free[np.arange(len(lanes)), at] = False
            self.cells[lanes, SIGHT + at // size, SIGHT + at % size] = thing

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        before = self.achieved[lanes].sum(axis=1)
        moving = actions < len(STEPS)
        self._go(lanes[moving], actions[moving])
        for number, name in enumerate(ACTIONS[len(STEPS) :], start=len(STEPS)):
            self._make(lanes[actions == number], name)
        after = self.achieved[lanes].sum(axis=1)
        return (after - before).astype(np.float64), after == len(ACHIEVEMENTS), False

    def _go(self, lanes: Lanes, actions: Array) -> None:
        """Walk, or gather what lies ahead."""
        ahead = self.place[lanes] + STEPS[actions]
        cell = self.cells[lanes, ahead[:, 0], ahead[:, 1]]
        free = cell == GROUND
        self.place[lanes[free]] = ahead[free]
        for thing, (tool, kind) in GATHERED.items():
            at = (cell == thing) & (self.tools[lanes, tool] if tool >= 0 else True)
            self.cells[lanes[at], ahead[at, 0], ahead[at, 1]] = GROUND
            self.carried[lanes[at], kind] = np.minimum(self.carried[lanes[at], kind] + 1, MOST)
            self._achieve(lanes[at], _CARRIED[kind])

    def _make(self, lanes: Lanes, name: str) -> None:
        """A tool, or a table or a furnace on a cell beside the agent: the first free one of up, down, left, right."""
        cost, near = RECIPES[name]
        can = (self.carried[lanes, : len(cost)] >= cost).all(axis=1)
        for thing in near:
            can &= (self._around(lanes, NEAR) == thing).any(axis=(1, 2))
        if name in ("table", "furnace"):
            beside = self.place[lanes, None] + STEPS
            free = self.cells[lanes[:, None], beside[..., 0], beside[..., 1]] == GROUND
            can &= free.any(axis=1)
            row, column = beside[np.arange(len(lanes)), free.argmax(axis=1)][can].T
            self.cells[lanes[can], row, column] = TABLE if name == "table" else FURNACE
        else:
            self.tools[lanes[can], ("wood_pickaxe", "stone_pickaxe", "iron_pickaxe").index(name)] = True
        self.carried[lanes[can], : len(cost)] -= cost
        self._achieve(lanes[can], name)

    def _achieve(self, lanes: Lanes, name: str) -> None:
        self.achieved[lanes, ACHIEVEMENTS.index(name)] = True

    def _around(self, lanes: Lanes, far: int) -> Array:
        """The cells around the agent, `int8[L, 2 far + 1, 2 far + 1]`."""
        span = np.arange(-far, far + 1)
        row, column = (self.place[lanes][:, axis, None] + span for axis in (0, 1))
        return np.asarray(self.cells[lanes[:, None, None], row[:, :, None], column[:, None, :]])

    def observe(self, lanes: Lanes) -> Array:
        planes = self._around(lanes, SIGHT)[:, None] == np.arange(WALL, FURNACE + 1)[:, None, None]
        parts = [planes.reshape(len(lanes), -1), self.carried[lanes] / MOST, self.tools[lanes]]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        return dict(zip(ACHIEVEMENTS, self.achieved[lanes].T.astype(np.float64), strict=True))

    def render(self, lane: int) -> Frame:
        cells = self.cells[lane, SIGHT - 1 : 1 - SIGHT, SIGHT - 1 : 1 - SIGHT]
        row, column = self.place[lane] - SIGHT + 1
        lines = ["".join(_LETTERS[cell] for cell in line) for line in cells]
        lines[row] = f"{lines[row][:column]}@{lines[row][column + 1 :]}"
        has = [f"{count} {name}" for name, count in zip(_CARRIED, self.carried[lane].tolist(), strict=True) if count]
        words = f"{self.achieved[lane].sum()} of {len(ACHIEVEMENTS)}; carries {', '.join(has) or 'nothing'}"
        parts = [rect(16 * x, 16 * y, 16, 16, _SKINS[cell]) for (y, x), cell in np.ndenumerate(cells)]
        parts.append(rect(16 * column + 3, 16 * row + 3, 10, 10, BLUE, 5))
        parts.append(text(4, 16 * len(cells) + 13, words, 10, anchor="start"))
        return Frame("\n".join([words, *lines]), svg(16 * cells.shape[1], 16 * len(cells) + 20, parts))
