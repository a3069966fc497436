"""Matches in progress that can be tried in several ways at once: lanes of a forkable environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marl import tabular
from marl.env import Environment, Forkable, Rows, Searchable, Turn
from marl.space import Discrete
from marl.types import Bools, Floats, Ints, Keys

START = 256  # lanes to begin with


@dataclass(frozen=True)
class Node:
    """K matches that wait for somebody: `lane`, `agent`: `int64[K]`; `seen`: `uint64[K]`; `mask`: `bool[K, A]`.

    `rows`: what they see, group by group, and where each row stands among the K matches, `int64[rows]`.
    """

    lane: Ints
    agent: Ints
    seen: Keys
    mask: Bools
    rows: tuple[tuple[Rows, Ints], ...]

    def __len__(self) -> int:
        return len(self.lane)


class Lanes:
    """As many lanes as are needed. `make(lanes)` gives environments in which one agent acts at a time."""

    def __init__(self, make: Callable[[int], Environment], actions: int) -> None:
        self.make, self.actions = make, actions
        self.environment = make(START)
        self.quick = isinstance(self.environment, Searchable)
        groups = self.environment.spec.groups
        self.widths = [group.action.n if isinstance(group.action, Discrete) else actions for group in groups]

    def begin(self, seeds: Keys) -> Node:
        """New matches, and whom they wait for."""
        lanes = np.arange(len(seeds))
        if len(seeds) > self.environment.lanes:
            self.environment = self.make(len(seeds))
        return self._node(self.environment.reset(lanes, seeds), lanes)

    def fork(self, lane: Ints, copies: Ints) -> Ints:
        """`copies[K]` of each match in `lane[K]`, one after another: their lanes, `int64[sum(copies)]`.

        All other matches are given up. The first of each stays where it is.
        """
        origin = np.repeat(lane, copies)
        first = np.cumsum(copies) - copies
        if len(origin) > self.environment.lanes:
            old = self.environment
            self.environment = self.make(max(len(origin), 2 * old.lanes))
            where = np.arange(len(origin))
            self._copy(old, origin, where)
            return where
        where, moves = origin.copy(), np.ones(len(origin), dtype=np.bool_)
        moves[first] = False
        if moves.any():
            free = np.ones(self.environment.lanes, dtype=np.bool_)
            free[lane] = False
            where[moves] = np.flatnonzero(free)[: moves.sum()]
            self._copy(self.environment, origin[moves], where[moves])
        return where

    def step(self, lane: Ints, agent: Ints, action: Ints) -> tuple[Floats, Bools, Node]:
        """One action in each of `lane[K]`: rewards `[K, N]`, which matches are over, and whom the others wait for."""
        spec = self.environment.spec
        group = spec.group_of[agent]
        actions = [action[group == number] for number in range(len(spec.groups))]
        step = self.environment.step(lane, [part if len(part) else None for part in actions])
        return step.rewards, step.done, self._node(step.turn, lane)

    def _node(self, turn: Turn, lanes: Ints) -> Node:
        """The rows of all groups, in the order in which the environment was given the lanes."""
        parts = [rows for rows in turn if rows is not None and len(rows)]
        if not parts:
            none = np.zeros(0, dtype=np.int64)
            return Node(none, none, none.astype(np.uint64), np.zeros((0, self.actions), dtype=np.bool_), ())
        lane = np.concatenate([rows.lane for rows in parts])
        place = np.arange(len(lane))
        if len(parts) > 1:
            number = np.zeros(self.environment.lanes, dtype=np.int64)
            number[lanes] = np.arange(len(lanes))
            place = np.argsort(np.argsort(number[lane]))
        where = np.split(place, np.cumsum([len(rows) for rows in parts])[:-1])
        mask, seen = np.zeros((len(lane), self.actions), dtype=np.bool_), np.zeros(len(lane), dtype=np.uint64)
        agent = np.zeros_like(lane)
        for rows, there in zip(parts, where, strict=True):
            width = self.widths[rows.group]
            mask[there, :width] = True if rows.mask is None else rows.mask
            seen[there], agent[there] = tabular.observation_keys(rows.observation), rows.agent
        ordered = np.empty_like(lane)
        ordered[place] = lane
        return Node(ordered, agent, seen, mask, tuple(zip(parts, where, strict=True)))

    def _copy(self, other: Environment, source: Ints, lanes: Ints) -> None:
        """Put copies of matches in `other`, which may be this environment, into lanes of it."""
        if self.quick:
            assert isinstance(other, Searchable) and isinstance(self.environment, Searchable)
            self.environment.copy_from(other, source, lanes)
        else:
            assert isinstance(other, Forkable) and isinstance(self.environment, Forkable)
            self.environment.load(lanes, other.save(source))
