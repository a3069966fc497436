"""Level-based foraging: agents on a grid collect food together that is too heavy for one of them.

Agents move to a neighbouring cell, stay, or load the food beside them; all act at once. Where several want the same
cell, none of them moves. Food is collected when the levels of those who load it add up to its own or more; it pays its
part of all food there was, shared out by their levels, so that all of it pays 1. A match ends when nothing is left, and
is cut short after `steps` ticks.

The rules, the numbers seen and the chances of where a match starts are those of lbforaging 2.0.0, as which the default
is `Foraging-8x8-2p-3f-v3`; a test plays both side by side. (There, the last tick counts as an end by the rules.)
Source: Christianos, Schaefer, Albrecht, "Shared experience actor-critic for multi-agent reinforcement learning",
NeurIPS 2020; Albrecht and Ramamoorthy, AAMAS 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import BLUE, RED, rect, svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints

NONE, NORTH, SOUTH, WEST, EAST, LOAD = range(6)
STEPS = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)])
LEVELS = 2  # of agents, from 1 on
_CELL = 30


@dataclass
class ForagingParams:
    """Parameters of Foraging."""

    size: int = 8  # rows and columns of the field, from 5 to 20
    players: int = 2  # agents, from 2 to 9
    foods: int = 3  # pieces of food, from 1 to 9
    sight: int = 0  # how many cells an agent sees in every direction; 0: all
    cooperative: bool = False  # whether all food needs the three weakest agents together
    steps: int = 50  # ticks until a match is cut short
    masks: bool = False  # whether actions that do nothing are illegal; else they are taken for staying

    def __post_init__(self) -> None:
        ranges = {"size": (5, 20), "players": (2, 9), "foods": (1, 9), "sight": (0, 20), "steps": (1, 10_000)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")


class Foraging(SimultaneousGame):
    """An `Environment` with one side. A row shows `[row, column, level]` of every food in sight, then of the agent
    itself, then of the others: `float32[3 * (foods + players)]`, places from the corner of what it sees, and
    `-1, -1, 0` for what is not there."""  # fmt: skip

    food: Ints  # int64[lanes, F, 2], where it is, in the order of rows and columns
    amount: Ints  # int64[lanes, F], its level; 0 when it is gone
    place: Ints  # int64[lanes, N, 2], where the agents are
    level: Ints  # int64[lanes, N]
    total: Ints  # int64[lanes], the levels of all food at the start

    def __init__(self, lanes: int, params: ForagingParams | None = None) -> None:
        self.params = params = params or ForagingParams()
        self.sight = params.sight or params.size
        everyone = tuple(range(params.players))
        most = LEVELS * min(params.players, 3)
        seen = Box((3 * (params.foods + params.players),), -1, max(params.size - 1, most))
        names = tuple(f"player_{agent}" for agent in everyone)
        group = Group("players", everyone, seen, Discrete(len(STEPS)))
        super().__init__(
            EnvSpec(names, (group,), (everyone,), "simultaneous", params.steps, returns=(0.0, 1.0), state=seen), lanes
        )

    def fields(self) -> dict[str, Any]:
        foods, players = self.params.foods, self.params.players
        known = {"food": np.zeros((foods, 2), np.int64), "amount": np.zeros(foods, np.int64), "total": np.int64(0)}
        return known | {"place": np.zeros((players, 2), np.int64), "level": np.zeros(players, np.int64)}

    def begin(self, lanes: Lanes) -> None:
        """Agents stand anywhere; food lies off the edge, with no other food on the cells around or two cells away."""
        size, keys = self.params.size, rng.mix(self.seed[lanes], 0x100D)
        free = np.ones((len(lanes), size * size), dtype=np.bool_)
        each = np.arange(len(lanes))
        for agent in range(self.params.players):
            cell = rng.choose(rng.extend(keys, agent), free)
            free[each, cell] = False
            self.place[lanes, agent] = np.stack(np.divmod(cell, size), axis=1)
            self.level[lanes, agent] = 1 + rng.integers(rng.extend(keys, agent), LEVELS, 1)
        inner = np.zeros((size, size), dtype=np.bool_)
        inner[1:-1, 1:-1] = True
        free &= inner.reshape(-1)
        cells = np.stack(np.divmod(np.arange(size * size), size), axis=1)
        heaviest = np.sort(self.level[lanes], axis=1)[:, :3].sum(axis=1)
        lightest = heaviest if self.params.cooperative else np.ones_like(heaviest)
        found = np.full((len(lanes), self.params.foods), size * size)  # no place at all
        amount = np.zeros_like(found)
        for food in range(self.params.foods):
            room = np.flatnonzero(free.any(axis=1))
            key = rng.extend(keys[room], self.params.players + food)
            cell = found[room, food] = rng.choose(key, free[room])
            levels = heaviest[room] - lightest[room] + 1
            amount[room, food] = lightest[room] + rng.integers(key, levels, 1)
            apart = np.abs(cells - cells[cell][:, None])
            free[room] &= (apart.max(axis=2) > 1) & ((apart.sum(axis=2) != 2) | (apart.min(axis=2) > 0))
        order = np.argsort(found, axis=1)
        found, self.amount[lanes] = np.take_along_axis(found, order, 1), np.take_along_axis(amount, order, 1)
        self.food[lanes] = np.stack(np.divmod(np.where(found < size * size, found, 0), size), axis=2)
        self.total[lanes] = amount.sum(axis=1)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        useful = self._useful(lanes)
        act = np.where(np.take_along_axis(useful, actions[0][..., None], 2)[..., 0], actions[0], NONE)
        target = self.place[lanes] + STEPS[act]
        same = (target[:, :, None] == target[:, None]).all(axis=3)
        self.place[lanes] = np.where(same.sum(axis=2)[..., None] == 1, target, self.place[lanes])
        amount, level = self.amount[lanes], self.level[lanes][:, :, None]
        loads = self._beside(lanes) & (act == LOAD)[..., None]  # [L, N, F]
        strength = (loads * level).sum(axis=1)
        taken = (strength >= amount) & loads.any(axis=1)
        worth = np.where(taken, amount / np.maximum(strength * self.total[lanes, None], 1), 0.0)
        self.amount[lanes] = np.where(taken, 0, amount)
        rewards = (loads * level * worth[:, None]).sum(axis=2)
        return rewards, ~self.amount[lanes].any(axis=1) | (self.tick[lanes] >= self.params.steps)

    def cut(self, lanes: Lanes) -> Bools:
        return self.amount[lanes].any(axis=1)

    def masks(self, lanes: Lanes, agents: Ints) -> Bools | None:
        if not self.params.masks:
            return None
        each = lanes[:: self.params.players]  # the rows are those of all agents, lane by lane
        return self._useful(each).reshape(len(lanes), -1)

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        each = np.arange(len(lanes))
        centre = self.place[lanes, agents]
        others = (agents[:, None] + np.arange(self.params.players)) % self.params.players
        others[:, 1:] = np.sort(others[:, 1:], axis=1)  # the agent itself, and then the others in their order
        place, level = self.place[lanes[:, None], others], self.level[lanes[:, None], others]
        foods, amounts = self.food[lanes], self.amount[lanes]
        near = (np.abs(foods - centre[:, None]).max(axis=2) <= self.sight) & (amounts > 0)
        order = np.argsort(~near, axis=1, kind="stable")
        foods, amounts, near = (np.take_along_axis(a, o, 1) for a, o in (
            (foods, order[..., None]), (amounts, order), (near, order)))  # fmt: skip
        corner = np.maximum(centre - self.sight, 0)[:, None]
        shown = ((place >= corner) & (place <= corner + 2 * self.sight)).all(axis=2)  # at an edge, farther than food
        result = np.empty((len(lanes), self.params.foods + self.params.players, 3), np.float32)
        for part, where, what, seen in (
            (slice(0, self.params.foods), foods, amounts, near),
            (slice(self.params.foods, None), place, level, shown),
        ):
            result[:, part, :2] = np.where(seen[..., None], where - corner, -1)
            result[:, part, 2] = np.where(seen, what, 0)
        count = shown.sum(axis=1)
        if (count < self.params.players).any():  # whom it does not see comes last
            front = np.argsort(~shown, axis=1, kind="stable")
            result[:, self.params.foods :] = result[each[:, None], self.params.foods + front]
        return result.reshape(len(lanes), -1)

    def state(self, lanes: Lanes) -> Array:
        """All food, and then all agents, each where it is on the field."""
        gone = self.amount[lanes] == 0
        food = np.where(gone[..., None], -1, self.food[lanes])
        parts = (food, self.amount[lanes]), (self.place[lanes], self.level[lanes])
        columns = [np.concatenate([where, what[..., None]], axis=2).reshape(len(lanes), -1) for where, what in parts]
        return np.concatenate(columns, axis=1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), self.params.players))

    def render(self, lane: int) -> Frame:
        size = self.params.size
        cells = np.full((size, size), " .")
        parts = [rect(_CELL * x, _CELL * y, _CELL, _CELL, "white") for y in range(size) for x in range(size)]
        things = [
            (self.food[lane], self.amount[lane], "f", RED, 15),
            (self.place[lane], self.level[lane], "a", BLUE, 2),
        ]
        for places, levels, letter, colour, radius in things:
            for (y, x), level in zip(places.tolist(), levels.tolist(), strict=True):
                if level:
                    cells[y, x] = f"{letter}{level}"
                    parts.append(rect(_CELL * x + 4, _CELL * y + 4, _CELL - 8, _CELL - 8, colour, radius))
                    parts.append(text(_CELL * (x + 0.5), _CELL * (y + 0.68), str(level), 15, "white"))
        left = (
            f"tick {self.tick[lane]} of {self.params.steps}; food left: {self.amount[lane].sum()} of {self.total[lane]}"
        )
        return Frame("\n".join([left, *(" ".join(row) for row in cells)]), svg(_CELL * size, _CELL * size, parts))

    def _beside(self, lanes: Lanes) -> Bools:
        """Which food lies beside which agent, `bool[L, N, F]`."""
        apart = np.abs(self.place[lanes][:, :, None] - self.food[lanes][:, None]).sum(axis=3)
        return np.asarray((apart == 1) & (self.amount[lanes] > 0)[:, None])

    def _useful(self, lanes: Lanes) -> Bools:
        """What does something: steps onto the field where no food lies, and loading beside food; `bool[L, N, 6]`."""
        target = self.place[lanes][:, :, None] + STEPS  # [L, N, 6, 2]
        inside = ((target >= 0) & (target < self.params.size)).all(axis=3)
        there = (target[:, :, :, None] == self.food[lanes][:, None, None]).all(axis=4)
        blocked = (there & (self.amount[lanes] > 0)[:, None, None]).any(axis=3)
        useful = np.asarray(inside & ~blocked)
        useful[:, :, LOAD] = self._beside(lanes).any(axis=2)
        return useful
