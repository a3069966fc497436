"""Matches in progress that can be tried in several ways at once: lanes of a forkable environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marl import tabular
from marl.env import Environment, Forkable, Turn
from marl.types import Bools, Floats, Ints, Keys

START = 256  # lanes to begin with


@dataclass(frozen=True)
class Node:
    """K matches that wait for somebody: `lane`, `agent`: `int64[K]`; `seen`: `uint64[K]`; `mask`: `bool[K, A]`."""

    lane: Ints
    agent: Ints
    seen: Keys
    mask: Bools

    def __len__(self) -> int:
        return len(self.lane)


class Lanes:
    """As many lanes as are needed. `make(lanes)` gives environments in which one agent acts at a time."""

    def __init__(self, make: Callable[[int], Environment], actions: int) -> None:
        self.make, self.actions = make, actions
        self.environment = make(START)

    def begin(self, seeds: Keys) -> Node:
        """New matches, and whom they wait for."""
        lanes = np.arange(len(seeds))
        if len(seeds) > self.environment.lanes:
            self.environment = self.make(len(seeds))
        return self._node(self.environment.reset(lanes, seeds))

    def fork(self, lane: Ints, copies: Ints) -> Ints:
        """`copies[K]` of each match in `lane[K]`, one after another: their lanes, `int64[sum(copies)]`.

        All other matches are given up. The first of each stays where it is.
        """
        origin = np.repeat(lane, copies)
        first = np.cumsum(copies) - copies
        if len(origin) > self.environment.lanes:
            old = self._forkable()
            self.environment = self.make(max(len(origin), 2 * self.environment.lanes))
            where = np.arange(len(origin))
            self._forkable().load(where, old.save(origin))
            return where
        where, moves = origin.copy(), np.ones(len(origin), dtype=np.bool_)
        moves[first] = False
        if moves.any():
            free = np.ones(self.environment.lanes, dtype=np.bool_)
            free[lane] = False
            where[moves] = np.flatnonzero(free)[: moves.sum()]
            self._forkable().load(where[moves], self._forkable().save(origin[moves]))
        return where

    def step(self, lane: Ints, agent: Ints, action: Ints) -> tuple[Floats, Bools, Node]:
        """One action in each of `lane[K]`: rewards `[K, N]`, which matches are over, and whom the others wait for."""
        spec = self.environment.spec
        group = spec.group_of[agent]
        actions = [action[group == number] for number in range(len(spec.groups))]
        step = self.environment.step(lane, [part if len(part) else None for part in actions])
        return step.rewards, step.done, self._node(step.turn)

    def _node(self, turn: Turn) -> Node:
        """The rows of all groups, in the order in which an environment keeps them: by lane, as it was given them."""
        parts = [rows for rows in turn if rows is not None and len(rows)]
        lane = np.concatenate([rows.lane for rows in parts]) if parts else np.zeros(0, dtype=np.int64)
        mask = np.zeros((len(lane), self.actions), dtype=np.bool_)
        begin = 0
        for rows in parts:
            width = self.actions if rows.mask is None else rows.mask.shape[1]
            mask[begin : begin + len(rows), :width] = True if rows.mask is None else rows.mask
            begin += len(rows)
        agent = np.concatenate([rows.agent for rows in parts]) if parts else lane
        seen = [tabular.observation_keys(rows.observation) for rows in parts]
        return Node(lane, agent, np.concatenate(seen) if parts else np.zeros(0, dtype=np.uint64), mask)

    def _forkable(self) -> Forkable:
        assert isinstance(self.environment, Forkable)
        return self.environment
