"""Stages: a diagnostic of cooperation over a long time. Rooms in a row, each opened by all agents together.

In each room lie as many plates as there are agents. When all plates of a room are stood on at once, the door to the
next room opens for good; in the last room that ends the match, and pays the team 1. Nothing else is paid, but for the
bait of the first closed room: a cell that ends the match for less. Agents see everything, may share cells, and move
to a neighbouring cell or stay, all at once.

Known answers: the best return is 1, in as many ticks as the farthest ways to the plates take, room by room. `bait` is a
local optimum: what needs all agents pays nothing until they have done it in every room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import AGENTS, INK, circle, rect, svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints

STEPS = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])  # stay, north, south, west, east
_CELL = 30


@dataclass
class StagesParams:
    """Parameters of Stages."""

    rooms: int = 3  # rooms, from 1 to 10
    size: int = 4  # rows and columns of a room, from 3 to 10
    agents: int = 2  # agents, and plates in each room, from 1 to 5
    bait: float = 0.1  # what the team earns on the bait; 0: there is none
    steps: int = 0  # ticks until a match is cut short; 0: 30 for each room

    def __post_init__(self) -> None:
        ranges = {"rooms": (1, 10), "size": (3, 10), "agents": (1, 5), "bait": (0, 1), "steps": (0, 10_000)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")


class Stages(SimultaneousGame):
    """An `Environment` with one side. A row is `float32[5 N + 2 + rooms]`: where the agent is, and then the others (row
    and column as shares); where the plates of the first closed room are, and its bait; which of these plates are stood
    on; and which room that is."""  # fmt: skip

    place: Ints  # int64[lanes, N, 2], row and column
    plates: Ints  # int64[lanes, rooms, N + 1, 2], and the bait of each room as the last
    opened: Ints  # int64[lanes], rooms that were opened
    caught: Bools  # bool[lanes], whether somebody stepped on the bait

    def __init__(self, lanes: int, params: StagesParams | None = None) -> None:
        self.params = params = params or StagesParams()
        self._limit = params.steps or 30 * params.rooms
        self._width, self._door = params.rooms * (params.size + 1) - 1, params.size // 2
        everyone = tuple(range(params.agents))
        seen = Box((5 * params.agents + 2 + params.rooms,), 0, 1)
        group = Group("agents", everyone, seen, Discrete(len(STEPS)))
        names = tuple(f"agent_{agent}" for agent in everyone)
        info = {"opened": "rooms that were opened in this match"}
        super().__init__(
            EnvSpec(names, (group,), (everyone,), "simultaneous", self._limit, (0.0, 1.0), seen, info=info), lanes
        )

    def fields(self) -> dict[str, Any]:
        rooms, agents = self.params.rooms, self.params.agents
        known = {"place": np.zeros((agents, 2), np.int64), "opened": np.int64(0), "caught": np.False_}
        return known | {"plates": np.zeros((rooms, agents + 1, 2), np.int64)}

    def begin(self, lanes: Lanes) -> None:
        """Agents start anywhere in the first room; plates and bait lie off the row of the doors."""
        size, agents, each = self.params.size, self.params.agents, np.arange(len(lanes))
        keys = rng.mix(self.seed[lanes], 0x57A6)
        for agent in range(agents):
            at = (rng.integers(rng.extend(keys, agent), size, 0), rng.integers(rng.extend(keys, agent), size, 1))
            self.place[lanes, agent] = np.stack(at, axis=1)
        off_the_way = np.arange(size * size) // size != self._door
        for room in range(self.params.rooms):
            free = np.repeat(off_the_way[None], len(lanes), axis=0)
            for number in range(agents + 1):
                cell = rng.choose(rng.mix(self.seed[lanes], room, number), free)
                free[each, cell] = False
                at_row, column = np.divmod(cell, size)
                self.plates[lanes, room, number] = np.stack([at_row, column + room * (size + 1)], axis=1)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        target = self.place[lanes] + STEPS[actions[0]]
        row, column = target[..., 0], target[..., 1]
        inside = (row >= 0) & (row < self.params.size) & (column >= 0) & (column < self._width)
        room, rest = np.divmod(column, self.params.size + 1)
        wall = (rest == self.params.size) & ((row != self._door) | (room >= self.opened[lanes, None]))
        self.place[lanes] = np.where((inside & ~wall)[..., None], target, self.place[lanes])
        self.opened[lanes] += self._on(lanes, slice(0, -1)).all(axis=1)
        solved = self.opened[lanes] == self.params.rooms
        self.caught[lanes] = self._on(lanes, slice(-1, None)).any(axis=1) & (self.params.bait > 0) & ~solved
        earned = np.where(solved, 1.0, self.params.bait * self.caught[lanes]) / self.params.agents
        over = solved | self.caught[lanes] | (self.tick[lanes] >= self._limit)
        return np.repeat(earned[:, None], self.params.agents, axis=1), over

    def cut(self, lanes: Lanes) -> Bools | bool:
        return np.asarray((self.opened[lanes] < self.params.rooms) & ~self.caught[lanes])

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        return {"opened": self.opened[lanes]}

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        order = (agents[:, None] + np.arange(self.params.agents)) % self.params.agents
        order[:, 1:] = np.sort(order[:, 1:], axis=1)  # the agent itself, and then the others in their order
        return self._shown(lanes, self.place[lanes[:, None], order])

    def state(self, lanes: Lanes) -> Array:
        """As the first agent sees it."""
        return self._shown(lanes, self.place[lanes])

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), self.params.agents))

    def _shown(self, lanes: Lanes, place: Ints) -> Array:
        """What is seen where agents are at `place[K, N, 2]`, in that order."""
        room = self._room(lanes)
        plates = self.plates[lanes, room]
        if not self.params.bait:
            plates = plates * (np.arange(self.params.agents + 1) < self.params.agents)[:, None]
        where = np.concatenate([place, plates], axis=1) / (self.params.size - 1, self._width - 1)
        stood_on = self._on(lanes, slice(0, -1))
        rooms = np.eye(self.params.rooms)[room]
        return np.concatenate([where.reshape(len(lanes), -1), stood_on, rooms], axis=1).astype(np.float32)

    def _room(self, lanes: Lanes) -> Ints:
        """The first room that is closed; the last where none is."""
        return np.asarray(np.minimum(self.opened[lanes], self.params.rooms - 1))

    def _on(self, lanes: Lanes, which: slice) -> Bools:
        """On which plates (the bait is the last) of the first closed room somebody stands, `bool[L, ...]`."""
        plates = self.plates[lanes, self._room(lanes), which]
        return np.asarray((self.place[lanes][:, None] == plates[:, :, None]).all(axis=3).any(axis=2))

    def render(self, lane: int) -> Frame:
        size, opened = self.params.size, int(self.opened[lane])
        cells, parts = np.full((size, self._width), "."), []
        for (row, column), _ in np.ndenumerate(cells):
            room, rest = divmod(column, size + 1)
            wall = rest == size and (row != self._door or room >= opened)
            cells[row, column] = "#" if wall else "."
            parts.append(self._box(row, column, INK if wall else "#f3efe6"))
        for plates in self.plates[lane].tolist():
            for number, (row, column) in enumerate(plates):
                bait = number == self.params.agents
                if not bait or self.params.bait:
                    cells[row, column] = "$" if bait else "_"
                    parts.append(self._box(row, column, "#e3b23c" if bait else "#8fb98a"))
        for agent, (row, column) in enumerate(self.place[lane].tolist()):
            cells[row, column] = str(agent + 1)
            parts.append(circle(_CELL * (column + 0.5), _CELL * (row + 0.5), 11 - agent, AGENTS[agent]))
        words = f"tick {self.tick[lane]} of {self._limit}; rooms opened: {opened} of {self.params.rooms}"
        parts.append(text(4, _CELL * size + 17, words, 13, anchor="start"))
        picture = svg(max(_CELL * self._width, 260), _CELL * size + 24, parts)
        return Frame("\n".join([words, *("".join(row) for row in cells)]), picture)

    def _box(self, row: int, column: int, fill: str) -> str:
        return rect(_CELL * column, _CELL * row, _CELL, _CELL, fill, line="#c9c2b4")
