from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from marl import rng
from marl.errors import UserError
from marl.space import contains
from marl_classic.connect_four import ConnectFour, ConnectFourParams, four_in_a_row
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_classic.tic_tac_toe import TicTacToe

LANES = np.arange(3)
SEEDS = np.array([1, 2, 3], np.uint64)


def test_who_begins_at_connect_four_may_be_drawn() -> None:
    """Each begins half of the matches and then they take turns; the sides are alike only where each sees its own."""
    game = ConnectFour(400, ConnectFourParams(view="own", first="drawn"))
    lanes = np.arange(400)
    (rows,) = game.reset(lanes, rng.mix(3, lanes))
    assert rows is not None and 150 < rows.agent.sum() < 250 and rows.first.all()
    (after,) = game.step(lanes, [np.full(400, 3)]).turn
    assert after is not None and (after.agent == 1 - rows.agent).all() and after.first.all()
    assert (after.observation[:, 1, 0, 3] == 1).all() and (after.observation[:, 0] == 0).all()
    assert game.spec.symmetric
    assert not ConnectFour(1, ConnectFourParams(first="drawn")).spec.symmetric


def test_connect_four_is_seen_from_either_side() -> None:
    absolute, own = ConnectFour(2), ConnectFour(2, params=ConnectFourParams(view="own"))
    for env in (absolute, own):
        env.reset(np.arange(2), np.arange(2, dtype=np.uint64))
    for actions in ([0, 3], [1, 3], [2, 3], [6, 3]):
        (seen,), (mine,) = (env.step(np.arange(2), [np.array(actions)]).turn for env in (absolute, own))
        order = [0, 1, 2] if seen.agent[0] == 0 else [1, 0, 2]
        np.testing.assert_array_equal(mine.observation, seen.observation[:, order])
        np.testing.assert_array_equal(own.state(np.arange(2)), absolute.state(np.arange(2)))


def play(env, *actions: int):
    """One lane of `env` after these actions."""
    env.reset(np.array([0]), np.array([1], np.uint64))
    for action in actions:
        step = env.step(np.array([0]), [np.array([action])])
    return step


def test_connect_four_is_won_in_every_direction() -> None:
    for moves in (
        [3, 0] * 3 + [3],
        [0, 0, 1, 1, 2, 2, 3],
        [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3],
        [6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3],
    ):
        step = play(ConnectFour(1), *moves)
        assert step.done[0] and step.rewards[0].tolist() == [1, -1]
    assert play(ConnectFour(1), 0, 1, 0, 1, 0, 1, 2, 1).rewards[0].tolist() == [-1, 1]


def test_connect_four_lines_do_not_wrap_around_the_edge() -> None:
    assert not play(ConnectFour(1), 5, 0, 6, 1, 5, 0, 6, 1, 0, 5, 0, 6).done[0]
    boards = [[(r, c) for c in range(4, 7)] + [(r + 1, 0)] for r in range(5)]
    for cells in boards:
        assert not four_in_a_row(np.array([sum(1 << (8 * r + c) for r, c in cells)], np.uint64))[0]


def test_four_in_a_row_agrees_with_looking_at_every_line() -> None:
    lines = [
        [(r + i * dr, c + i * dc) for i in range(4)]
        for r in range(6)
        for c in range(7)
        for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1))
        if r + 3 * dr < 6 and 0 <= c + 3 * dc < 7
    ]
    assert len(lines) == 69
    grids = np.random.default_rng(0).random((400, 6, 8)) < 0.4
    grids[:, :, 7] = False
    boards = (grids.reshape(400, 48).astype(np.uint64) << np.arange(48, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    expected = [any(all(grid[cell] for cell in line) for line in lines) for grid in grids]
    assert 50 < sum(expected) < 350
    assert four_in_a_row(boards).tolist() == expected


def test_a_full_column_is_closed_and_a_full_board_is_a_draw() -> None:
    step = play(ConnectFour(1), *[0] * 6)
    assert step.turn[0].mask[0].tolist() == [False] + [True] * 6
    step = play(TicTacToe(1), 0, 1, 2, 4, 3, 5, 7, 6, 8)
    assert step.done[0] and step.rewards[0].tolist() == [0, 0]


@pytest.mark.parametrize("bad", [-1, 7, 99, 0])
def test_an_illegal_action_loses_and_nobody_else_notices(bad: int) -> None:
    env = ConnectFour(3)
    env.reset(LANES, SEEDS)
    for _ in range(6):
        env.step(LANES, [np.zeros(3, np.int64)])
    step = env.step(LANES, [np.array([1, bad, 2])])
    assert step.fault.tolist() == [-1, 0, -1]
    assert step.done.tolist() == [False, True, False]
    assert step.rewards.tolist() == [[0, 0], [-1, 1], [0, 0]]
    assert step.terminated.tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert step.turn[0].lane.tolist() == [0, 2]
    assert step.final[0].lane.tolist() == [1, 1] and step.final[0].agent.tolist() == [0, 1]


def test_actions_that_are_no_integers_are_illegal_and_wrong_counts_are_errors() -> None:
    env = TicTacToe(3)
    env.reset(LANES, SEEDS)
    with pytest.raises(ValueError, match="has 3 rows"):
        env.step(LANES, [np.zeros(2, np.int64)])
    with pytest.raises(ValueError, match="has 3 rows"):
        env.step(LANES, [None])
    assert env.step(LANES, [np.zeros(3)]).fault.tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="reset"):
        env.step(LANES, [np.zeros(3, np.int64)])


def test_any_integers_and_any_number_of_lanes_will_do() -> None:
    env = TicTacToe(3)
    env.reset(LANES, SEEDS)
    assert env.step(LANES, [np.full(3, 8, np.uint8)]).fault.tolist() == [-1] * 3
    step = env.step(LANES[:0], [None])
    assert step.rewards.shape == (0, 2) and step.turn == (None,) and step.final == (None,)


def test_faults_stay_within_the_returns_and_sum_to_zero_where_all_else_does() -> None:
    step = play(KuhnPoker(1, params=KuhnParams(players=3)), 5)
    assert step.rewards[0].tolist() == [-2, 1, 1]
    env = matrix(1, params=MatrixParams(game="rock_paper_scissors", rounds=3))
    env.reset(LANES[:1], SEEDS[:1])
    env.step(LANES[:1], [np.array([0, 1])])
    step = env.step(LANES[:1], [np.array([0, 3])])
    assert step.fault[0] == 1 and step.rewards[0].tolist() == [2, -2] and step.done[0]


def test_matches_end_for_everybody_and_with_last_observations(make, run) -> None:
    env = make(10)
    lanes = np.arange(10)
    players, low, high = len(env.spec.agents), *env.spec.returns
    total = np.zeros((10, players))
    length = np.zeros(10)
    ended = []
    for tick in run(env, lanes, env.reset(lanes, lanes.astype(np.uint64))):
        step = tick.step
        total[step.lanes] += step.rewards
        length[step.lanes] += 1
        assert (step.terminated == step.done[:, None]).all() and not step.truncated.any()
        ended += step.lanes[step.done].tolist()
        for group, rows in zip(env.spec.groups, step.final, strict=True):
            assert (rows is None) == (not step.done.any())
            if rows is not None:
                assert rows.lane.tolist() == np.repeat(step.lanes[step.done], len(group.agents)).tolist()
                assert contains(group.observation, rows.observation).all()
    assert sorted(ended) == lanes.tolist()
    assert (total >= low).all() and (total <= high).all() and (length <= env.spec.max_length).all()
    if env.spec.zero_sum:
        np.testing.assert_allclose(total.sum(axis=1), 0, atol=1e-9)


def test_states_and_pictures(make, random_actions) -> None:
    env = make(3)
    turn = env.reset(LANES, SEEDS)
    for tick in range(2):
        assert contains(env.spec.state, env.state(LANES)).all()
        for lane in LANES.tolist():
            frame = env.render(lane)
            assert frame.text
            assert ElementTree.fromstring(frame.svg).tag.endswith("svg")
        if tick == 0:
            env.step(LANES, random_actions(env, turn, 0))


def test_poker_states_show_what_players_cannot_see() -> None:
    env = KuhnPoker(300)
    lanes = np.arange(300)
    env.reset(lanes, lanes.astype(np.uint64))
    shown = env.state(lanes)
    assert (shown[:, :6].reshape(-1, 2, 3).argmax(axis=2) == env.card).all()


def test_what_the_specs_say() -> None:
    assert matrix(1, params=MatrixParams(game="rock_paper_scissors")).spec.symmetric
    assert not matrix(1, params=MatrixParams(game="matching_pennies")).spec.symmetric
    assert (
        matrix(1, params=MatrixParams(game="prisoners_dilemma")).spec.symmetric
        and not matrix(1, params=MatrixParams(game="prisoners_dilemma")).spec.zero_sum
    )
    assert not matrix(1, params=MatrixParams(game="bach_or_stravinsky")).spec.symmetric
    assert matrix(1, params=MatrixParams(game="stag_hunt", rounds=4)).spec.returns == (0, 8)


def test_players_with_different_actions_have_their_own_groups() -> None:
    env = matrix(2, params=MatrixParams(payoffs=[[1, 2, 3], [4, 5, 6]]))
    assert [group.action.n for group in env.spec.groups] == [2, 3]
    env.reset(LANES[:2], SEEDS[:2])
    step = env.step(LANES[:2], [np.array([1, 0]), np.array([2, 2])])
    assert step.rewards.tolist() == [[6, -6], [3, -3]]
    with pytest.raises(ValueError, match="player_1"):
        env.reset(LANES[:2], SEEDS[:2])
        env.step(LANES[:2], [np.array([1, 0]), np.array([2])])


def test_a_repeated_game_shows_the_last_round() -> None:
    env = matrix(1, params=MatrixParams(game="prisoners_dilemma", rounds=2))
    (rows,) = env.reset(LANES[:1], SEEDS[:1])
    assert rows.observation.tolist() == [[0, 0, 0, 0]] * 2 and rows.first.all()
    (rows,) = env.step(LANES[:1], [np.array([0, 1])]).turn
    assert rows.observation.tolist() == [[1, 0, 0, 1]] * 2 and not rows.first.any()
    assert env.step(LANES[:1], [np.array([1, 1])]).done[0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"game": "stag_hunt", "payoffs": [[1]]}, "either game"),
        ({"game": "stag_hnt"}, "did you mean 'stag_hunt'"),
        ({"payoffs": [[1, 2], [3]]}, "equally long"),
        ({"payoffs": [["a"]]}, "numbers"),
        ({"payoffs": [1, 2]}, "shape"),
        ({"payoffs": [[[1, 2]], [[1, 2]], [[1, 2]]]}, "shape"),
        ({"payoffs": [[float("nan")]]}, "finite"),
        ({"game": "stag_hunt", "rounds": 0}, "1 round"),
    ],
)
def test_wrong_parameters_are_explained(params: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        matrix(1, params=MatrixParams(**params))
    with pytest.raises(UserError, match="2 to 10"):
        KuhnPoker(1, params=KuhnParams(players=1))
