"""Rooms: a grid world of many tasks, from one empty room to a row of rooms with locked doors and lava.

The agent goes up, down, left or right until it finds the goal, in the last room, or steps into lava. Rooms have 4 by 4
cells and stand in a row; in the wall between two of them is a door. A locked door opens to who has the key, which lies
in the room before it, and uses it up. Where the agent starts, and where goal, keys, doors and lava are, chance decides.
The agent sees the 7 by 7 cells around it; only the goal pays, 1.

A task is a number of rooms and what is in them. In the style of: Chevalier-Boisvert et al., "Minigrid & Miniworld",
NeurIPS 2023 (datasets and benchmarks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.games import OneAgent, one_agent_spec
from marl.games.drawing import BLUE, INK, PAPER, RED, YELLOW, rect, svg
from marl.space import Box, Discrete
from marl.tasks import Tasks
from marl.types import Array, Bools, Floats, Ints

FLOOR, WALL, LAVA, KEY, LOCKED, GOAL = range(6)
SIZE, SIGHT = 4, 3  # cells of a room, and how far the agent sees: a whole room, wherever it stands in it
TICKS = 30  # a room, before a match is cut short
STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
PITS = 2  # cells of lava in a room that has any
_SKINS = (PAPER, "#888888", RED, YELLOW, "#8a5a2b", "#3f9d5a")


@dataclass
class RoomsParams:
    """Parameters of Rooms."""

    fewest: int = 1  # rooms, from 1 to 20
    most: int = 6  # rooms, from `fewest` to 20

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most <= 20:
            raise ValueError(f"there are 1 to 20 rooms: fewest: {self.fewest}, most: {self.most} cannot be")


class Rooms(OneAgent):
    """An `Environment` with tasks. Observations are planes `[5, 7, 7]` of what is where, and whether there is a key."""

    worst = 0.0
    cells: Array  # int8[lanes, H, W], with walls around that are as thick as the agent sees far
    place: Ints  # int64[lanes, 2], row and column of the agent
    key: Bools  # bool[lanes], whether the agent has a key

    def __init__(self, lanes: int, params: RoomsParams | None = None) -> None:
        params = params or RoomsParams()
        kinds = [(keys, lava) for keys in (False, True) for lava in (False, True)]
        levels = [
            (rooms, *kind)
            for rooms in range(params.fewest, params.most + 1)
            for kind in kinds
            if rooms > 1 or not kind[0]
        ]
        self.rooms, self.locked, self.hot = (np.array(column) for column in zip(*levels, strict=True))
        self._blank = self._walls(params.most)
        names = tuple(f"{rooms}{'_keys' * keys}{'_lava' * lava}" for rooms, keys, lava in levels)
        seen, limit = Box((5 * (2 * SIGHT + 1) ** 2 + 1,), 0, 1), TICKS * params.most
        super().__init__(one_agent_spec(seen, Discrete(4), limit, (0.0, 1.0), Tasks(names)), lanes)

    def _walls(self, rooms: int) -> Array:
        """Empty rooms, all closed."""
        cells = np.full((SIZE + 2 * SIGHT, rooms * (SIZE + 1) - 1 + 2 * SIGHT), WALL, np.int8)
        for room in range(rooms):
            cells[SIGHT : SIGHT + SIZE, _left(room) : _left(room) + SIZE] = FLOOR
        return cells

    def fields(self) -> dict[str, Any]:
        return {"cells": self._blank, "place": np.zeros(2, np.int64), "key": np.False_}

    def begin(self, lanes: Lanes) -> None:
        """Furnish the rooms of each lane's task."""
        task, seed = self.task[lanes], self.seed[lanes]
        count = self.rooms[task]
        for room in range(int(count.max(initial=0))):
            there = count > room
            self._furnish(lanes[there], rng.mix(seed[there], room), room, task[there], (count == room + 1)[there])

    def _furnish(self, lanes: Lanes, keys: Array, room: int, task: Ints, last: Bools) -> None:
        """Lava in the two columns in the middle, so that none can bar the way; then what lies on free cells."""
        hot = self.hot[task]
        for pit in range(PITS):
            row, column = rng.integers(keys, SIZE, pit), 1 + rng.integers(keys, 2, PITS + pit)
            self.cells[lanes[hot], SIGHT + row[hot], _left(room) + column[hot]] = LAVA
        free = (
            self.cells[lanes, SIGHT : SIGHT + SIZE, _left(room) : _left(room) + SIZE].reshape(-1, SIZE * SIZE) == FLOOR
        )
        item = rng.choose(rng.mix(keys, 1), free)
        here = np.stack([SIGHT + item // SIZE, _left(room) + item % SIZE], axis=1)
        thing = np.where(last, GOAL, np.where(self.locked[task], KEY, FLOOR))
        self.cells[lanes, here[:, 0], here[:, 1]] = thing
        if room == 0:
            free[np.arange(len(lanes)), item] = False
            start = rng.choose(rng.mix(keys, 2), free)
            self.place[lanes] = np.stack([SIGHT + start // SIZE, _left(0) + start % SIZE], axis=1)
        door = SIGHT + rng.integers(keys, SIZE, 2 * PITS)[~last]
        self.cells[lanes[~last], door, _left(room) + SIZE] = np.where(self.locked[task][~last], LOCKED, FLOOR)

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools]:
        ahead = self.place[lanes] + STEPS[actions]
        row, column = ahead.T
        cell = self.cells[lanes, row, column]
        opens = (cell == LOCKED) & self.key[lanes]
        moves = (cell != WALL) & ((cell != LOCKED) | opens)
        self.place[lanes[moves]] = ahead[moves]
        taken = moves & ((cell == KEY) | opens)
        self.cells[lanes[taken], row[taken], column[taken]] = FLOOR
        self.key[lanes] = (self.key[lanes] | (cell == KEY)) & ~opens
        found, burnt = cell == GOAL, cell == LAVA
        late = self.tick[lanes] + 1 >= TICKS * self.rooms[self.task[lanes]]
        return found.astype(np.float64), found | burnt, late & ~found & ~burnt

    def observe(self, lanes: Lanes) -> Array:
        span = np.arange(-SIGHT, SIGHT + 1)
        row, column = (self.place[lanes][:, axis, None] + span for axis in (0, 1))
        around = self.cells[lanes[:, None, None], row[:, :, None], column[:, None, :]]
        planes = around[:, None] == np.arange(WALL, GOAL + 1)[:, None, None]
        return np.concatenate([planes.reshape(len(lanes), -1), self.key[lanes, None]], axis=1).astype(np.float32)

    def render(self, lane: int) -> Frame:
        cells = self.cells[lane, SIGHT - 1 : 1 - SIGHT, SIGHT - 1 : 1 - SIGHT]
        row, column = self.place[lane] - SIGHT + 1
        lines = ["".join(" #~k+*"[cell] for cell in line) for line in cells]
        lines[row] = f"{lines[row][:column]}@{lines[row][column + 1 :]}"
        words = f"{self.spec.tasks.name(self.task[lane])}{', has a key' if self.key[lane] else ''}"
        parts = [rect(16 * x, 16 * y, 16, 16, _SKINS[cell]) for (y, x), cell in np.ndenumerate(cells)]
        parts.append(rect(16 * column + 3, 16 * row + 3, 10, 10, BLUE if not self.key[lane] else INK, 5))
        return Frame("\n".join([words, *lines]), svg(16 * cells.shape[1], 16 * cells.shape[0], parts))


def _left(room: int) -> int:
    """The first column of a room."""
    return SIGHT + room * (SIZE + 1)
