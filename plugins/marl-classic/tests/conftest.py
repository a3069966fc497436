from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from marl import rng
from marl.env import Actions, Environment, Lanes, Step, Turn
from marl.space import sample
from marl_classic.connect_four import ConnectFour
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_classic.tic_tac_toe import TicTacToe

THREE_PLAYERS = [[[[1, 2]], [[3, 4]], [[5, 6]]], [[[0, 1]], [[0, 1]], [[0, 1]]], [[[2, 2]], [[1, 1]], [[0, 0]]]]
GAMES: dict[str, Callable[[int], Environment]] = {
    "kuhn": KuhnPoker,
    "kuhn3": partial(KuhnPoker, params=KuhnParams(players=3)),
    "leduc": LeducPoker,
    "tic_tac_toe": TicTacToe,
    "connect_four": ConnectFour,
    "rock_paper_scissors": partial(matrix, params=MatrixParams(game="rock_paper_scissors")),
    "repeated_dilemma": partial(matrix, params=MatrixParams(game="prisoners_dilemma", rounds=5)),
    "three_players": partial(matrix, params=MatrixParams(payoffs=THREE_PLAYERS)),
}


@dataclass
class Played:
    """One tick of a run: the rows before it, the actions, and what came of them."""

    turn: Turn
    actions: Actions
    step: Step


def choose(env: Environment, turn: Turn, tick: int) -> Actions:
    """A random legal action per row, keyed by the lane and agent, so that lanes do not share randomness."""
    actions = []
    for group, rows in zip(env.spec.groups, turn, strict=True):
        keys = None if rows is None else rng.mix(77, rows.lane, rows.agent, tick)
        actions.append(None if rows is None else sample(group.action, keys, rows.mask))
    return actions


def play_out(env: Environment, lanes: Lanes, turn: Turn, start: int = 0) -> Iterator[Played]:
    """Random play until every lane is done, without refilling."""
    tick = start
    while any(rows is not None for rows in turn):
        actions = choose(env, turn, tick)
        step = env.step(lanes, actions)
        yield Played(turn, actions, step)
        lanes, turn, tick = lanes[~step.done], step.turn, tick + 1


@pytest.fixture(params=GAMES, ids=str)
def make(request: pytest.FixtureRequest) -> Callable[[int], Environment]:
    return GAMES[request.param]


@pytest.fixture
def run() -> Callable[..., Iterator[Played]]:
    return play_out


@pytest.fixture
def random_actions() -> Callable[..., Actions]:
    return choose


@pytest.fixture
def same_turn() -> Callable[[Turn, Turn], None]:
    def check(left: Turn, right: Turn) -> None:
        for a, b in zip(left, right, strict=True):
            assert (a is None) == (b is None)
            if a is None or b is None:
                continue
            for name in ("agent", "observation", "first"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
            assert (a.mask is None) == (b.mask is None)
            if a.mask is not None:
                np.testing.assert_array_equal(a.mask, b.mask)

    return check
