"""The search plays the position that it sees, and plays it well."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.policies.random import Random
from marl.registry import ENVIRONMENTS, load_registry
from marl.types import Array
from marl_openspiel import games
from marl_openspiel.mcts import MCTS, MCTSParams, state_of

GAME = pyspiel.load_game("connect_four")


@pytest.mark.parametrize("seed", range(5))
def test_the_position_is_rebuilt_from_what_a_player_sees(seed: int) -> None:
    chance, state = np.random.default_rng(seed), GAME.new_initial_state()
    while not state.is_terminal():
        planes = np.array(state.observation_tensor(state.current_player())).reshape(3, 6, 7)
        rebuilt = state_of(GAME, planes)
        assert str(rebuilt) == str(state)
        assert rebuilt.current_player() == state.current_player()
        assert rebuilt.legal_actions() == state.legal_actions()
        own = planes[[0, 1, 2] if state.current_player() == 0 else [1, 0, 2]]  # mine, theirs, empty
        assert str(state_of(GAME, own)) == str(state)
        state.apply_action(int(chance.choice(state.legal_actions())))


def test_it_wins_at_once_where_it_can() -> None:
    state = GAME.new_initial_state()
    for column in (3, 0, 3, 0, 3, 1):  # x has three on top of each other
        state.apply_action(column)
    environment = games.make("connect_four", lanes=1)
    board: Array = np.array(state.observation_tensor(0)).reshape(3, 6, 7)
    assert MCTS(environment.spec, params=MCTSParams(simulations=200))._search(board, 5) == 3


@pytest.mark.parametrize("name", ["openspiel/connect_four", "classic/connect_four"])
def test_it_beats_random_play_from_either_side(name: str) -> None:
    if name.startswith("classic"):
        pytest.importorskip("marl_classic")
    environment = load_registry().make(ENVIRONMENTS, name, {}, lanes=8)
    policies = [MCTS(environment.spec, params=MCTSParams(simulations=50)), Random(environment.spec)]
    results = Arena(environment).play(policies, Pairings.repeat([(0, 1), (1, 0)], 10, seed=1))
    won = np.concatenate([results.returns[:10, 0], results.returns[10:, 1]])
    assert (won == 1).mean() >= 0.9
    assert (results.fault == -1).all()


def test_the_same_match_is_played_the_same() -> None:
    def play(lanes: int) -> Array:
        environment = games.make("connect_four", lanes=lanes)
        policy = MCTS(environment.spec, params=MCTSParams(simulations=20))
        return Arena(environment).play([policy], Pairings.repeat([(0, 0)], 4, seed=3)).length

    assert play(1).tolist() == play(4).tolist()


def test_it_refuses_other_games() -> None:
    with pytest.raises(UserError, match="connect_four"):
        MCTS(games.make("tic_tac_toe", lanes=1).spec)
