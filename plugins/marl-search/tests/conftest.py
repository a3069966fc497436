"""Positions, perfect play by brute force, and a game of three."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from marl.env import Environment, EnvSpec, Group, Rows
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.policy import SearchPolicy
from marl.registry import ENVIRONMENTS, load_registry
from marl.rng import mix
from marl.space import Box, Discrete

THREE = EnvSpec(
    ("ann", "bob", "cid"),
    tuple(Group(name, (agent,), Box((1,), 0, 9), Discrete(2)) for agent, name in enumerate(("a", "b", "c"))),
    ((0,), (1,), (2,)),
    "turns",
    9,
    returns=(-1, 2),
    zero_sum=True,
    perfect_information=True,
    deterministic=True,
)


class Stones(Match):
    """Three players take one or two stones in turn from a heap of seven; who takes the last is paid by the others."""

    def start(self) -> None:
        self.heap, self.turn = 7, 0

    def views(self):
        return {self.turn: View(np.array([self.heap], np.float32), np.array([True, self.heap > 1]))}

    def observe(self, agent):
        return np.array([self.heap], np.float32)

    def play(self, actions):
        ((agent, action),) = actions.items()
        self.heap -= int(action) + 1
        self.turn = (agent + 1) % 3
        if self.heap:
            return Outcome()
        return Outcome({one: 2.0 if one == agent else -1.0 for one in range(3)}, done=True)


@pytest.fixture
def stones() -> Environment:
    return ForkableOneByOne(THREE, 4, Stones)


def _position(name: str, moves: Sequence[int], **params: object) -> tuple[Environment, Rows]:
    """One match of a game after these moves, and who must act."""
    environment = load_registry().make(ENVIRONMENTS, name, params, lanes=1)
    lane = np.zeros(1, dtype=np.int64)
    turn = environment.reset(lane, mix(7))
    for move in moves:
        turn = environment.step(lane, [np.array([move])]).turn
    (rows,) = turn
    return environment, rows


def _move(policy: SearchPolicy, environment: Environment, rows: Rows, key: int = 0) -> int:
    return int(policy.search(rows, environment, mix(key, np.arange(len(rows)))).action[0])


_LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@cache
def _minimax(board: str) -> int:
    """What a position of tic-tac-toe is worth to whoever moves: 1, 0 or -1. `board`: nine of x, o and ."""
    mover = "x" if board.count("x") == board.count("o") else "o"
    other = "o" if mover == "x" else "x"
    if any(all(board[cell] == other for cell in line) for line in _LINES):
        return -1
    moves = [cell for cell in range(9) if board[cell] == "."]
    return max((-_minimax(board[:cell] + mover + board[cell + 1 :]) for cell in moves), default=0)


@pytest.fixture
def position():
    return _position


@pytest.fixture
def move():
    return _move


@pytest.fixture
def minimax():
    return _minimax
