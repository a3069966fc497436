"""Determinism, subsets of lanes, forks, faults and truncation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyspiel
import pytest

from marl import rng
from marl.errors import UserError
from marl_openspiel import chance, games
from marl_openspiel.params import GameParams

MIXED = [
    ("leduc_poker", {}),
    ("backgammon", {}),
    ("goofspiel", {"num_cards": 5, "imp_info": True}),
    ("tarok", {}),
    ("stones_and_gems", {}),
    ("laser_tag", {"horizon": 60}),
    ("connect_four", {}),
]


def seeds(*numbers):
    return np.array(numbers, dtype=np.uint64)


def test_chance_is_the_chance_of_marl_rng():
    for seed in (0, 7, 2**63 + 5):
        for draw in (0, 1, 999):
            expected = float(rng.uniform(rng.mix(seed, chance.CHANCE, draw))[0])
            assert chance.uniform(chance.stream(seed), draw) == expected


def test_chance_never_picks_what_cannot_happen():
    outcomes = [(0, 0.0), (1, 0.3), (2, 0.7), (3, 0.0)]
    assert [chance.pick(outcomes, point) for point in (0.0, 0.29, 0.31, 1.0 - 2**-53)] == [1, 1, 2, 2]


def test_kuhn_deals_every_pair_of_cards_equally_often():
    environment = games.make("kuhn_poker", lanes=3000)
    environment.reset(np.arange(3000), np.arange(3000).astype(np.uint64))
    seen = environment.state(np.arange(3000)).reshape(3000, 2, 11)[:, :, 2:5].argmax(axis=2)
    deals = np.bincount(3 * seen[:, 0] + seen[:, 1], minlength=9).reshape(3, 3)
    assert np.diag(deals).tolist() == [0, 0, 0]
    assert deals[~np.eye(3, dtype=bool)].min() > 420


@pytest.mark.parametrize(("name", "parameters"), MIXED)
def test_a_match_follows_from_its_seed_whatever_lane_and_company(name, parameters, play):
    alone = games.make(name, lanes=1, params=GameParams(parameters=parameters))
    together = games.make(name, lanes=5, params=GameParams(parameters=parameters))
    crowd = play(together, [1, 2, 3, 2, 5], ticks=150, alternate=True)
    single = play(alone, [2], ticks=75)
    length = min(len(single.seen[0]), len(crowd.seen[3]))
    assert length and single.seen[0][:length] == crowd.seen[1][:length] == crowd.seen[3][:length]
    if together.game.get_type().chance_mode != pyspiel.GameType.ChanceMode.DETERMINISTIC:
        assert crowd.seen[1] != crowd.seen[2]


@pytest.mark.parametrize(("name", "parameters"), MIXED)
def test_a_fork_without_seeds_plays_the_same_future(name, parameters):
    environment = games.make(name, lanes=2, params=GameParams(parameters=parameters))
    (rows,) = environment.reset(np.arange(2), seeds(1, 2))
    rows = _walk(environment, rows, 3)[0]
    blob = environment.save(np.arange(2))
    future = _walk(environment, rows, 12)[1]
    (rows,) = environment.load(np.arange(2), blob)
    assert _walk(environment, rows, 12)[1] == future


def _walk(environment, rows, ticks):
    """Play the last legal action for some ticks in all lanes that live."""
    seen = []
    for _ in range(ticks):
        live = [lane for lane in range(2) if not environment.match(lane).over]
        if not live:
            break
        last = rows.mask.shape[1] - 1 - rows.mask[:, ::-1].argmax(axis=1)
        step = environment.step(np.array(live), [last])
        (rows,) = step.turn
        seen.append((step.rewards.tolist(), step.done.tolist(), None if rows is None else rows.observation.tobytes()))
    return rows, seen


def test_fresh_seeds_redraw_the_future_but_not_the_past():
    environment = games.make("backgammon", lanes=2)
    (rows,) = environment.reset(np.arange(2), seeds(1, 1))
    rows, _ = _walk(environment, rows, 4)
    blob = environment.save(np.arange(2))
    futures = []
    for fresh in ((8, 9), (8, 9), (8, 8)):
        (again,) = environment.load(np.arange(2), blob, seeds(*fresh))
        np.testing.assert_array_equal(again.observation, rows.observation)
        again, first_half = _walk(environment, again, 8)
        (again,) = environment.load(np.arange(2), environment.save(np.arange(2)))  # a redrawn match can be saved too
        futures.append([*first_half, *_walk(environment, again, 8)[1]])
    assert futures[0] == futures[1] != futures[2]


@pytest.mark.parametrize("name", ["tarok", "negotiation", "stones_and_gems"])
def test_games_that_draw_chance_themselves_keep_what_they_dealt(name):
    environment = games.make(name, lanes=2)
    (rows,) = environment.reset(np.arange(2), seeds(1, 2))
    rows, _ = _walk(environment, rows, 1)
    (again,) = environment.load(np.arange(2), environment.save(np.arange(2)), seeds(8, 9))
    np.testing.assert_array_equal(again.observation, rows.observation)


def test_matches_of_another_game_are_refused():
    blob = _started("kuhn_poker").save(np.arange(1))
    with pytest.raises(UserError, match=r"are of OpenSpiel's game kuhn_poker\(\), and this environment is leduc_poker"):
        _started("leduc_poker").load(np.arange(1), blob)


def _started(name, **parameters):
    environment = games.make(name, lanes=1, params=GameParams(parameters=parameters))
    environment.reset(np.arange(1), seeds(1))
    return environment


@pytest.mark.parametrize("action", [np.array([7]), np.array([-1]), np.array([99]), np.array([0.0])])
def test_an_illegal_action_loses_the_match(action):
    step = _started("connect_four").step(np.arange(1), [action])
    assert step.done[0] and step.fault[0] == 0 and step.terminated[0].all() and step.turn[0] is None
    assert step.rewards.tolist() == [[-1.0, 1.0]]
    assert len(step.final[0]) == 2


def test_a_full_column_is_illegal():
    environment = _started("connect_four")
    for _ in range(6):
        step = environment.step(np.arange(1), [np.array([3])])
        assert not step.done[0]
    assert not step.turn[0].mask[0, 3]
    assert environment.step(np.arange(1), [np.array([3])]).fault[0] == 0


def test_the_other_players_of_a_zero_sum_game_share_what_an_offender_loses():
    step = _started("kuhn_poker", players=3).step(np.arange(1), [np.array([2])])
    assert step.rewards.tolist() == [[-2.0, 1.0, 1.0]]


def test_partners_of_an_offender_get_the_least_too():
    step = _started("tiny_hanabi").step(np.arange(1), [np.array([3])])
    assert step.rewards.tolist() == [[0.0, 0.0]]


def test_an_offender_of_a_simultaneous_game_is_named():
    step = _started("matrix_rps").step(np.arange(1), [np.array([2, 3])])
    assert step.fault[0] == 1 and step.rewards.tolist() == [[1.0, -1.0]]


def test_actions_of_the_wrong_number_and_ended_lanes_are_errors_of_the_caller():
    environment = _started("matrix_rps")
    with pytest.raises(ValueError, match="has 2 rows in these lanes, so its actions must have shape"):
        environment.step(np.arange(1), [np.array([0])])
    environment.step(np.arange(1), [np.array([0, 1])])
    with pytest.raises(ValueError, match="match in lane 0 is over or was never started"):
        environment.step(np.arange(1), [None])


def test_rows_are_those_of_openspiel_move_by_move():
    environment = _started("leduc_poker")
    (rows,) = environment.reset(np.arange(1), seeds(4))
    while rows is not None:
        state = environment.match(0).state
        player = state.current_player()
        np.testing.assert_array_equal(rows.observation[0], np.array(state.information_state_tensor(player), np.float32))
        assert rows.mask[0].tolist() == [bool(legal) for legal in state.legal_actions_mask(player)]
        (rows,) = environment.step(np.arange(1), [rows.mask.argmax(axis=1)]).turn
    assert environment.match(0).state.is_terminal()


def test_a_match_at_its_length_limit_is_truncated():
    environment = _started("connect_four")
    environment.spec = dataclasses.replace(environment.spec, max_length=3)
    for tick in range(3):
        step = environment.step(np.arange(1), [np.array([tick])])
    assert step.done[0] and step.truncated[0].all() and not step.terminated.any() and len(step.final[0]) == 2
