from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from marl_classic.connect_four import ConnectFour
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_classic.tic_tac_toe import TicTacToe

pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed: nothing to compare with")

TURN_GAMES = {
    "kuhn_poker": KuhnPoker,
    "kuhn_poker(players=3)": partial(KuhnPoker, params=KuhnParams(players=3)),
    "kuhn_poker(players=5)": partial(KuhnPoker, params=KuhnParams(players=5)),
    "leduc_poker": LeducPoker,
    "tic_tac_toe": TicTacToe,
    "connect_four": ConnectFour,
}
MATRIX_GAMES = {
    "rps": "rock_paper_scissors",
    "brps": "biased_rock_paper_scissors",
    "rpsw": "rock_paper_scissors_water",
    "mp": "matching_pennies",
    "pd": "prisoners_dilemma",
    "sh": "stag_hunt",
    "cd": "chicken",
    "coordination": "coordination",
    "bos": "bach_or_stravinsky",
    "shapleys_game": "shapleys_game",
}


class Mirror:
    """An OpenSpiel match that is dealt the cards of one of our lanes."""

    def __init__(self, game, env, lane: int) -> None:
        self.state, self.env, self.lane, self.dealt = game.new_initial_state(), env, lane, 0
        self.tensor = (
            self.state.information_state_tensor
            if game.get_type().provides_information_state_tensor
            else self.state.observation_tensor
        )
        self.deal()

    def deal(self) -> None:
        while self.state.is_chance_node():
            self.state.apply_action(int(self.env.card[self.lane, self.dealt]))
            self.dealt += 1

    def play(self, action: int) -> None:
        self.state.apply_action(int(action))
        self.deal()


def same_rows(rows, mirrors, masks: bool) -> None:
    for row in range(len(rows)):
        mirror, agent = mirrors[rows.lane[row]], int(rows.agent[row])
        np.testing.assert_array_equal(rows.observation[row].ravel(), np.array(mirror.tensor(agent), np.float32))
        if masks:
            assert agent == mirror.state.current_player()
            assert rows.mask[row].tolist() == [bool(legal) for legal in mirror.state.legal_actions_mask()]


@pytest.mark.parametrize("name", TURN_GAMES)
def test_every_row_and_reward_is_openspiels(name: str, run) -> None:
    game, env = pyspiel.load_game(name), TURN_GAMES[name](60)
    assert env.spec.groups[0].observation.shape == tuple(tensor_shape(game))
    assert env.spec.returns == (game.min_utility(), game.max_utility())
    assert env.spec.max_length == game.max_game_length()
    lanes = np.arange(env.lanes)
    turn = env.reset(lanes, lanes.astype(np.uint64) + np.uint64(5))
    mirrors = [Mirror(game, env, lane) for lane in lanes]
    returns = np.zeros((env.lanes, len(env.spec.agents)))
    for tick in run(env, lanes, turn):
        for lane, action in zip(tick.turn[0].lane, tick.actions[0], strict=True):
            mirrors[lane].play(action)
        returns[tick.step.lanes] += tick.step.rewards
        for lane, done in zip(tick.step.lanes, tick.step.done, strict=True):
            assert mirrors[lane].state.is_terminal() == done
            if done:
                assert mirrors[lane].state.returns() == returns[lane].tolist()
        for rows, masks in ((tick.step.turn[0], True), (tick.step.final[0], False)):
            if rows is not None:
                same_rows(rows, mirrors, masks)
    assert all(mirror.state.is_terminal() for mirror in mirrors)


def tensor_shape(game) -> list[int]:
    states = game.get_type().provides_information_state_tensor
    return game.information_state_tensor_shape() if states else game.observation_tensor_shape()


@pytest.mark.parametrize("short", MATRIX_GAMES)
def test_named_matrix_games_pay_what_openspiels_pay(short: str) -> None:
    game, env = pyspiel.load_matrix_game(f"matrix_{short}"), matrix(1, params=MatrixParams(game=MATRIX_GAMES[short]))
    cells = [(i, j) for i in range(game.num_rows()) for j in range(game.num_cols())]
    assert env.payoffs.shape == (2, game.num_rows(), game.num_cols())
    assert [env.payoffs[0][cell] for cell in cells] == [game.row_utility(*cell) for cell in cells]
    assert [env.payoffs[1][cell] for cell in cells] == [game.col_utility(*cell) for cell in cells]
    assert [name.lower() for name in game_actions(game)] == list(env.names)


def game_actions(game) -> list[str]:
    return [game.row_action_name(i) for i in range(game.num_rows())]


def test_matrix_rows_are_openspiels_constant() -> None:
    game, env = pyspiel.load_game("matrix_rps"), matrix(1, params=MatrixParams(game="rock_paper_scissors"))
    state = game.new_initial_state()
    (rows,) = env.reset(np.array([0]), np.array([1], np.uint64))
    assert rows.observation.tolist() == [state.information_state_tensor(agent) for agent in (0, 1)]
    step = env.step(np.array([0]), [np.array([1, 0])])
    state.apply_actions([1, 0])
    assert step.rewards[0].tolist() == state.returns() == [1, -1]
    assert step.final[0].observation.tolist() == [state.information_state_tensor(agent) for agent in (0, 1)]
