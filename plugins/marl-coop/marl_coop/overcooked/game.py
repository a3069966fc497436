"""Overcooked: agents cook onion soups together and serve them, in kitchens where they get into each other's way.

A soup is three onions in a pot that has cooked for `cook_time` ticks, taken up with a dish and served. Agents go in
four directions, which also turns them, stay, or interact with what is in front of them; counters hold one thing each.
All act at once: first the interactions, agent by agent, then the moves, then the pots. Where two moves end in one cell,
or cross, nobody moves.

A served soup earns the team 20, shared out evenly; nothing else is paid. What overcooked-ai pays for shaping is a
column of `info`, and so is what it is paid for. Rules, layouts, layers and shaping are those of overcooked-ai 1.1.0
with `old_dynamics` (the paper's: a full pot starts to cook), or without (`automatic: false`); a test plays its
transitions.
Source: Carroll et al., "On the utility of learning about humans for human-AI coordination", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.space import Discrete
from marl.types import Array, Bools, Floats, Ints
from marl_coop.overcooked import picture
from marl_coop.overcooked.features import Features
from marl_coop.overcooked.kitchens import COUNTER, FLOOR, POT, kitchen
from marl_coop.overcooked.layers import Layers
from marl_coop.overcooked.rules import COOKING, DISH, DISH_TAKEN, FULL, POTTED, READY, SERVED, SOUP_TAKEN, table
from marl_coop.overcooked.state import State

NORTH, SOUTH, EAST, WEST, STAY, INTERACT = range(6)
WORTH = 20.0  # of a soup, to the team
SHAPED = {"potted": 3.0, "dishes": 3.0, "soups": 5.0}  # overcooked-ai's rewards for shaping, by column
COLUMNS = {
    "served": "soups that the agent served",
    "potted": "onions that it put into a pot",
    "dishes": "dishes that it took when there was soup to come for them",
    "soups": "soups that it took out of a pot",
    "shaped": "what overcooked-ai pays it for shaping: 3 for an onion potted, 3 for such a dish, 5 for a soup taken",
}


@dataclass
class OvercookedParams:
    """Parameters of Overcooked."""

    layout: str = "cramped_room"  # a kitchen by name, or its rows as text
    observation: Literal["layers", "features"] = "layers"  # a grid of layers, or a vector about what is nearest
    cook_time: int = 20  # ticks that a soup cooks, from 1 to 100
    automatic: bool = True  # whether a full pot starts to cook; if not, who interacts with empty hands starts it
    steps: int = 400  # ticks until a match is over

    def __post_init__(self) -> None:
        kitchen(self.layout)
        for name, (low, high) in {"cook_time": (1, 100), "steps": (1, 10_000)}.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, not {getattr(self, name)}")


class Overcooked(SimultaneousGame):
    """An `Environment` with one side and no chance. What a row shows: see `Layers` and `Features`."""

    cell: Ints  # int64[lanes, N], where the agents are
    facing: Ints  # int64[lanes, N], their directions
    held: Ints  # int64[lanes, N], what they hold
    content: Array  # int8[lanes, C], what is on a counter or in a pot
    cooked: Ints  # int64[lanes, P], ticks that a pot has cooked
    event: Ints  # int64[lanes, N], what an interaction did at the last tick
    useful: Bools  # bool[lanes, N], whether a dish that was taken then was of use

    def __init__(self, lanes: int, params: OvercookedParams | None = None) -> None:
        self.params = params = params or OvercookedParams()
        self.kitchen = room = kitchen(params.layout)
        self._place, self._ahead = room.place, room.ahead()
        self._pots, self._counters = room.where(POT), room.where(COUNTER)
        free = room.place[self._ahead] == FLOOR
        stay = np.arange(room.cells)[:, None]
        self._target = np.concatenate([np.where(free, self._ahead, stay), np.repeat(stay, 2, axis=1)], axis=1)
        self._rules = np.ascontiguousarray(np.moveaxis(table(params.automatic).reshape(-1, 3), 1, 0))
        self._state = State(room, params.cook_time, params.steps)
        kind = Layers if params.observation == "layers" else Features
        self._seen = kind(room, params.cook_time, params.steps)
        super().__init__(self._spec(), lanes)

    def _spec(self) -> EnvSpec:
        everyone = tuple(range(self.kitchen.agents))
        group = Group("cooks", everyone, self._seen.space, Discrete(6))
        most = WORTH * len(self._pots) * (self.params.steps // self.params.cook_time)
        names = tuple(f"cook_{agent}" for agent in everyone)
        return EnvSpec(
            names,
            (group,),
            (everyone,),
            "simultaneous",
            self.params.steps,
            (0.0, most),
            self._state.space,
            info=COLUMNS,
        )

    def fields(self) -> dict[str, Any]:
        agents = self.kitchen.agents
        none = np.zeros(agents, np.int64)
        return {
            "cell": self.kitchen.starts,
            "facing": none + NORTH,
            "held": none,
            "content": np.zeros(self.kitchen.cells, np.int8),
            "cooked": np.zeros(len(self._pots), np.int64),
            "event": none,
            "useful": np.zeros(agents, np.bool_),
        }

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        (act,) = actions
        self._interact(lanes, act == INTERACT)
        self._move(lanes, act)
        self._cook(lanes)
        served = (self.event[lanes] == SERVED).sum(axis=1, keepdims=True)
        return np.repeat(served * (WORTH / act.shape[1]), act.shape[1], axis=1), self.tick[lanes] >= self.params.steps

    def cut(self, lanes: Lanes) -> Bools | bool:
        return True

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        event = self.event[lanes]
        did = {"served": event == SERVED, "potted": event == POTTED, "dishes": self.useful[lanes]}
        did["soups"] = event == SOUP_TAKEN
        return did | {"shaped": sum(did[name] * worth for name, worth in SHAPED.items())}

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        each = lanes[:: self.kitchen.agents]  # the rows are those of all agents, lane by lane
        return self._seen(*self._now(each)).reshape(-1, *self._seen.space.shape)

    def state(self, lanes: Lanes) -> Array:
        return self._state(*self._now(lanes))

    def _now(self, lanes: Lanes) -> tuple[Array, ...]:
        return tuple(
            array[lanes] for array in (self.cell, self.facing, self.held, self.content, self.cooked, self.tick)
        )

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), self.kitchen.agents))

    def render(self, lane: int) -> Frame:
        return picture.draw(self, lane)

    def _interact(self, lanes: Lanes, acts: Bools) -> None:
        """Agent by agent, so that the second finds what the first has left."""
        self.event[lanes], self.useful[lanes] = 0, False
        pots = self.content[lanes[:, None], self._pots]
        waiting = ((pots > 0) & (pots != FULL)).sum(axis=1)  # pots that somebody may need a dish for
        for agent in range(acts.shape[1]):
            rows = np.flatnonzero(acts[:, agent])
            lane = lanes[rows]
            front = self._ahead[self.cell[lane, agent], self.facing[lane, agent]]
            held, content = self.held[lane, agent], self.content[lane, front]
            case = np.ravel_multi_index((self._place[front], held, content), (6, 6, 10))
            taken, left, event = self._rules[:, case]
            fetched = event == DISH_TAKEN
            if fetched.any():
                self.useful[lane[fetched], agent] = self._wanted(lane[fetched], waiting[rows[fetched]])
            self.held[lane, agent], self.content[lane, front], self.event[lane, agent] = taken, left, event

    def _wanted(self, lanes: Lanes, waiting: Ints) -> Bools:
        """Whether a dish is of use: none lies on a counter, and fewer are held than there are pots `waiting[L]`."""
        lying = (self.content[lanes[:, None], self._counters] == DISH).any(axis=1)
        return np.asarray(~lying & ((self.held[lanes] == DISH).sum(axis=1) < waiting))

    def _move(self, lanes: Lanes, act: Array) -> None:
        cell = self.cell[lanes]
        target = self._target[cell, act]
        clash = np.zeros(len(lanes), np.bool_)
        for one, two in combinations(range(act.shape[1]), 2):
            clash |= target[:, one] == target[:, two]
            clash |= (target[:, one] == cell[:, two]) & (target[:, two] == cell[:, one])
        self.cell[lanes] = np.where(clash[:, None], cell, target)
        self.facing[lanes] = np.where(act < STAY, act, self.facing[lanes])

    def _cook(self, lanes: Lanes) -> None:
        where = lanes[:, None], self._pots
        content = self.content[where]
        cooking = (content >= COOKING) & (content < READY)
        cooked = np.where(cooking, self.cooked[lanes] + 1, 0)
        self.cooked[lanes] = cooked
        self.content[where] = np.where(cooked >= self.params.cook_time, content + (READY - COOKING), content)
