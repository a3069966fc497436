"""A warehouse of robots: they fetch shelves that are requested, bring them to a goal, and have to put them back.

Robots go forward, turn left or right, stay, or toggle: take the shelf under them, or put down the one that they
carry, off the highways. Without a shelf they pass under shelves. All act at once. Of rows of robots that follow each
other into one cell the longest moves (of equally long ones that of the robot with the lower number); three or more
may go round in a circle; two never change places. A requested shelf on a goal pays its robot 1, and another is
requested.

Rules, numbers seen and tasks are those of rware 2.0.0, and the default is `rware-tiny-2ag-v2`; a test plays its
transitions. Source: Papoudakis et al., "Benchmarking multi-agent deep reinforcement learning algorithms in cooperative
tasks", NeurIPS 2021 (datasets and benchmarks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import AGENTS, GREY, circle, polygon, rect, svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints

STAY, FORWARD, LEFT, RIGHT, TOGGLE = range(5)
STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])  # up, down, left, right: rows and columns
TURNED = np.array([[0, 0, 2, 3, 0], [1, 1, 3, 2, 1], [2, 2, 1, 0, 2], [3, 3, 0, 1, 3]])  # after each action
SIZES = {"tiny": (1, 3), "small": (2, 3), "medium": (2, 5), "large": (3, 5)}  # rows and columns of shelves
_SEEN = 8 + 9 * 7
_CELL = 26


@dataclass
class WarehouseParams:
    """Parameters of the warehouse."""

    size: Literal["tiny", "small", "medium", "large"] = "tiny"  # 1 x 3, 2 x 3, 2 x 5 or 3 x 5 blocks of shelves
    height: int = 8  # shelves above each other in a block, from 1 to 16
    agents: int = 2  # robots, from 1 to 19
    requests: int = 0  # shelves that are requested at a time; 0: as many as there are robots
    steps: int = 500  # ticks until a match is over

    def __post_init__(self) -> None:
        for name, (low, high) in {"height": (1, 16), "agents": (1, 19), "steps": (1, 10_000)}.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")
        shelves = int((~_highways(self)).sum())
        if not 0 <= self.requests < shelves or self.wanted >= shelves:
            raise ValueError(f"requests must be fewer than the {shelves} shelves, not {self.wanted}")

    @property
    def wanted(self) -> int:
        """How many shelves are requested at a time."""
        return self.requests or self.agents


class Warehouse(SimultaneousGame):
    """An `Environment` with one side. What a row shows: see `observe`."""

    cell: Ints  # int64[lanes, N], where the robots are; cells are numbered row by row
    facing: Ints  # int64[lanes, N]
    carries: Ints  # int64[lanes, N], the number of a shelf, or -1
    shelf: Ints  # int64[lanes, S], where the shelves are
    request: Ints  # int64[lanes, R], the shelves that are requested

    def __init__(self, lanes: int, params: WarehouseParams | None = None) -> None:
        self.params = params = params or WarehouseParams()
        roads = _highways(params)
        self._height, self._width = roads.shape
        self._roads, self._homes = roads.reshape(-1), np.flatnonzero(~roads)
        middle = self._width // 2 + self._width * (self._height - 1)
        self._goals = (middle - 1, middle)
        places = np.stack(np.divmod(np.arange(roads.size), self._width), axis=1)
        self._xy = places[:, ::-1].astype(np.float32)
        ahead = np.clip(places[:, None] + STEPS, 0, (self._height - 1, self._width - 1))
        self._ahead = ahead[..., 0] * self._width + ahead[..., 1]
        around = places[:, None] + np.stack(np.divmod(np.arange(9), 3), axis=1) - 1
        inside = ((around >= 0) & (around < roads.shape)).all(axis=2)
        self._around = np.where(inside, around[..., 0] * self._width + around[..., 1], roads.size)
        everyone = tuple(range(params.agents))
        group = Group("robots", everyone, Box((_SEEN,), 0, max(roads.shape)), Discrete(5))
        state = Box((7 * params.agents + 3 * len(self._homes) + 1,), 0, max(roads.shape))
        names = tuple(f"robot_{agent}" for agent in everyone)
        most = float(2 * params.steps)  # one at each goal and tick
        super().__init__(EnvSpec(names, (group,), (everyone,), "simultaneous", params.steps, (0.0, most), state), lanes)

    def fields(self) -> dict[str, Any]:
        none = np.zeros(self.params.agents, np.int64)
        robots = {"cell": none, "facing": none, "carries": none - 1}
        return robots | {"shelf": self._homes, "request": np.zeros(self.params.wanted, np.int64)}

    def begin(self, lanes: Lanes) -> None:
        """Robots stand anywhere, look anywhere, and any shelves are requested."""
        keys, each = rng.mix(self.seed[lanes], 0x3A4E), np.arange(len(lanes))
        free = np.ones((len(lanes), self._roads.size), np.bool_)
        for agent in range(self.params.agents):
            cell = rng.choose(rng.extend(keys, agent), free)
            free[each, cell] = False
            self.cell[lanes, agent] = cell
            self.facing[lanes, agent] = rng.integers(rng.extend(keys, agent), 4, 1)
        left = np.ones((len(lanes), len(self._homes)), np.bool_)
        for number in range(self.params.wanted):
            shelf = rng.choose(rng.extend(keys, self.params.agents + number), left)
            left[each, shelf] = False
            self.request[lanes, number] = shelf

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        (act,) = actions
        cell, carries = self.cell[lanes], self.carries[lanes]
        shelves = self._shelves(lanes)
        moves, target = self._moves(cell, carries, shelves, self._ahead[cell, self.facing[lanes]], act == FORWARD)
        self.facing[lanes] = TURNED[self.facing[lanes], act]
        self.cell[lanes] = np.where(moves, target, cell)
        lane, robot = np.nonzero(moves & (carries >= 0))
        self.shelf[lanes[lane], carries[lane, robot]] = target[lane, robot]
        under = np.take_along_axis(shelves, cell, axis=1)
        toggles = act == TOGGLE
        takes, leaves = toggles & (carries < 0) & (under >= 0), toggles & (carries >= 0) & ~self._roads[cell]
        self.carries[lanes] = np.where(takes, under, np.where(leaves, -1, carries))
        return self._deliver(lanes), self.tick[lanes] >= self.params.steps

    def _deliver(self, lanes: Lanes) -> Floats:
        """What requested shelves on the goals pay their robots, `[L, N]`; for each, another is requested."""
        rewards = np.zeros((len(lanes), self.params.agents))
        for goal in self._goals:
            at_goal = (self.cell[lanes] == goal) & (self.carries[lanes] >= 0)
            asked = self.request[lanes] == np.where(at_goal, self.carries[lanes], -2).max(axis=1)[:, None]
            (row,) = np.nonzero(asked.any(axis=1))
            rewards[row] += at_goal[row]
            others = np.ones((len(row), len(self._homes)), np.bool_)
            np.put_along_axis(others, self.request[lanes[row]], False, axis=1)
            keys = rng.mix(self.seed[lanes[row]], self.tick[lanes[row]], goal)
            self.request[lanes[row], asked[row].argmax(axis=1)] = rng.choose(keys, others)
        return rewards

    def _moves(self, cell: Ints, carries: Ints, shelves: Ints, ahead: Ints, wants: Bools) -> tuple[Bools, Ints]:
        """Who moves, `[L, N]`, and where each would go: `ahead[L, N]`, or where it is, as far as it does not want to.

        A robot waits for whoever stands on its target. Rows of waiting robots end before an empty cell, before one who
        stays, or in a circle.
        """
        count = cell.shape[1]
        stands = ahead[:, :, None] == cell[:, None]  # [L, N, N]: who stands on whose target
        shelf_ahead = np.take_along_axis(shelves, ahead, axis=1) >= 0
        carried = (stands & (carries >= 0)[:, None]).any(axis=2)
        wants = wants & (ahead != cell) & ~((carries >= 0) & shelf_ahead & ~carried)
        waits = stands & wants[:, :, None]
        length = np.ones_like(cell)  # of the row that ends with each robot in front
        for _ in range(count - 1):
            length = 1 + (waits * length[:, :, None]).max(axis=1)
        rivals = wants[:, :, None] & wants[:, None] & (ahead[:, :, None] == ahead[:, None])
        rank = length * count - np.arange(count)
        best = wants & (rank[:, :, None] >= np.where(rivals, rank[:, None], 0)).all(axis=2)
        moves = best & ~stands.any(axis=2)
        for _ in range(count - 1):
            moves = moves | (best & (waits & moves[:, None]).any(axis=2))
        return (moves | _circles(waits) if count > 2 else moves), ahead

    def cut(self, lanes: Lanes) -> Bools | bool:
        return True

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        """`float32[K, 71]`: as `_robots` of the robot itself, and whether it is on a highway; then of each of the nine
        cells around, row by row: whether a robot is there, which way that looks (up, where none is), whether a shelf is
        there, and whether that is requested."""  # fmt: skip
        count = self.params.agents
        each = lanes[::count]  # the rows are those of all agents, lane by lane
        cell, facing = self.cell[each], self.facing[each]
        robots, asked = np.full((len(each), self._roads.size + 1), -1), np.zeros(self.shelf[each].shape, np.bool_)
        np.put_along_axis(robots, cell, facing, axis=1)
        np.put_along_axis(asked, self.request[each], True, axis=1)
        what = np.zeros(robots.shape, np.int8)  # 1: a shelf, 2: one that is requested
        np.put_along_axis(what, self.shelf[each], (1 + asked).astype(np.int8), axis=1)
        around = self._around[cell].reshape(len(each), -1)
        near, things = (np.take_along_axis(grid, around, axis=1).reshape(-1, 9) for grid in (robots, what))
        cells = np.empty((len(lanes), 9, 7), np.float32)
        cells[:, :, 0] = near >= 0
        cells[:, :, 1:5] = np.eye(4, dtype=np.float32)[np.maximum(near, 0)]
        cells[:, :, 5], cells[:, :, 6] = things > 0, things > 1
        own = [self._robots(each).reshape(-1, 7), self._roads[cell].reshape(-1, 1), cells.reshape(-1, 63)]
        return np.concatenate(own, axis=1).astype(np.float32, copy=False)

    def _robots(self, lanes: Lanes) -> Array:
        """x, y, whether it carries a shelf, and which way it looks (4), `float32[L, N, 7]`."""
        carries = (self.carries[lanes] >= 0)[..., None].astype(np.float32)
        looks = np.eye(4, dtype=np.float32)[self.facing[lanes]]
        return np.concatenate([self._xy[self.cell[lanes]], carries, looks], axis=2)

    def state(self, lanes: Lanes) -> Array:
        """The robots as they see themselves; x and y of all shelves, which are requested; the share of ticks gone."""
        asked = np.zeros(self.shelf[lanes].shape, np.float32)
        np.put_along_axis(asked, self.request[lanes], 1, axis=1)
        shelves = np.concatenate([self._xy[self.shelf[lanes]], asked[..., None]], axis=2)
        parts = (self._robots(lanes), shelves, self.tick[lanes] / self.params.steps)
        return np.concatenate([part.reshape(len(lanes), -1) for part in parts], axis=1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), self.params.agents))

    def _shelves(self, lanes: Lanes) -> Ints:
        """Which shelf is where, `int64[L, C]`; -1 where none is."""
        where = np.full((len(lanes), self._roads.size), -1)
        np.put_along_axis(where, self.shelf[lanes], np.arange(len(self._homes))[None], axis=1)
        return where

    def render(self, lane: int) -> Frame:
        """Shelves are squares (x), orange (X) where they are requested; robots show which way they look."""
        asked, shown = set(self.request[lane].tolist()), ["." if road else "_" for road in self._roads]
        parts = [
            rect(*self._corner(cell), _CELL, _CELL, "#ffffff" if road else "#ebe3d3", line="#dddddd")
            for cell, road in enumerate(self._roads.tolist())
        ]
        for goal in self._goals:
            shown[goal] = "G"
            parts.append(rect(*self._corner(goal), _CELL, _CELL, "#8fb98a"))
        for shelf, cell in enumerate(self.shelf[lane].tolist()):
            x, y = self._corner(cell)
            shown[cell] = "X" if shelf in asked else "x"
            parts.append(rect(x + 3, y + 3, _CELL - 6, _CELL - 6, "#c2571a" if shelf in asked else GREY))
        for robot, (cell, facing) in enumerate(zip(self.cell[lane].tolist(), self.facing[lane].tolist(), strict=True)):
            shown[cell] = "^v<>"[facing]
            parts += self._drawn(robot, cell, facing)
        words = f"tick {self.tick[lane]} of {self.params.steps}"
        rows = ["".join(shown[row * self._width : (row + 1) * self._width]) for row in range(self._height)]
        below = _CELL * self._height
        parts.append(text(4, below + 16, words, 12, anchor="start"))
        return Frame("\n".join([words, *rows]), svg(max(_CELL * self._width, 120), below + 22, parts))

    def _corner(self, cell: int) -> tuple[int, int]:
        return _CELL * (cell % self._width), _CELL * (cell // self._width)

    def _drawn(self, robot: int, cell: int, facing: int) -> list[str]:
        (x, y), (down, right), colour = self._corner(cell), STEPS[facing].tolist(), AGENTS[robot % len(AGENTS)]
        x, y = x + _CELL // 2, y + _CELL // 2
        nose = [(x + 12 * right, y + 12 * down), (x + 7 * down, y + 7 * right), (x - 7 * down, y - 7 * right)]
        return [polygon(nose, colour), circle(x, y, 7, colour)]


def _circles(waits: Bools) -> Bools:
    """Who is in a circle of three or more, where `waits[L, N, N]` says who waits for whom: `[L, N]`."""
    reach, count = waits, waits.shape[1]
    pairs = found = np.zeros(waits.shape[:2], np.bool_)
    for size in range(2, count + 1):
        reach = np.asarray((reach[:, :, :, None] & waits[:, None]).any(axis=2))
        back = np.diagonal(reach, axis1=1, axis2=2)
        pairs, found = (back, found) if size == 2 else (pairs, found | back)
    return np.asarray(found & ~pairs)


def _highways(params: WarehouseParams) -> Bools:
    """The cells where no shelf may stand, `bool[height, width]`."""
    rows, columns = SIZES[params.size]
    high, wide = (params.height + 1) * rows + 2, 3 * columns + 1
    y, x = np.indices((high, wide))
    queue = (y > high - (params.height + 3)) & ((x == wide // 2 - 1) | (x == wide // 2))
    return np.asarray((x % 3 == 0) | (y % (params.height + 1) == 0) | (y == high - 1) | queue)
