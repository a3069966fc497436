"""The rules of battle, on positions that are put up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from marl_manyagent.battle.battle import Battle, BattleParams
from marl_manyagent.battle.rules import ACROSS, DOWN, Army, tick

EAST, WEST = 1, 3
STRIKE_EAST, STRIKE_WEST = 5, 9
KEYS = np.array([7], dtype=np.uint64)


def army(*soldiers: tuple[int, int, int]) -> Army:
    """One match: `(x, y, health)` of everybody, the first half army 0."""
    return Army(*(np.array([column], dtype=np.int64) for column in zip(*soldiers, strict=True)))


def test_strikes_are_named_as_they_point() -> None:
    assert (ACROSS[EAST], DOWN[EAST], ACROSS[WEST]) == (1, 0, -1)
    assert (ACROSS[STRIKE_EAST], DOWN[STRIKE_EAST], ACROSS[STRIKE_WEST], DOWN[STRIKE_WEST]) == (1, 0, -1, 0)


def test_a_strike_hits_who_stands_there_and_army_1_is_turned_round() -> None:
    both = army((1, 1, 100), (2, 1, 100))
    rewards = tick(both, np.array([[STRIKE_EAST, STRIKE_EAST]]), KEYS, 5)
    np.testing.assert_allclose(rewards, [[0.095, 0.095]])
    np.testing.assert_array_equal(both.health, [[81, 81]])  # 20 less, and 1 more


def test_who_deals_the_last_blow_together_shares_the_kill() -> None:
    three = army((1, 1, 100), (3, 1, 100), (2, 1, 30), (4, 4, 100))
    rewards = tick(three, np.array([[STRIKE_EAST, STRIKE_WEST, 0, 0]]), KEYS, 6)
    np.testing.assert_allclose(rewards, [[2.595, 2.595, -0.105, -0.005]])
    assert three.health[0, 2] == 0


def test_nobody_hurts_its_own_army_or_the_dead() -> None:
    some = army((1, 1, 100), (2, 1, 100), (1, 2, 0), (4, 4, 100))
    rewards = tick(some, np.array([[STRIKE_EAST, 7, -1, 0]]), KEYS, 6)
    np.testing.assert_allclose(rewards, [[-0.105, -0.105, 0.0, -0.005]])
    np.testing.assert_array_equal(some.health, [[100, 100, 0, 100]])


def test_one_of_those_who_want_a_free_cell_gets_it_and_which_is_chance() -> None:
    got = set()
    for seed in range(20):
        two = army((1, 1, 100), (3, 1, 100))
        tick(two, np.array([[EAST, EAST]]), np.array([seed], dtype=np.uint64), 5)  # army 1's east is west
        assert (two.x[0] == 2).sum() == 1
        got.add(int(np.argmax(two.x[0] == 2)))
    assert got == {0, 1}


def test_walls_and_soldiers_are_in_the_way() -> None:
    two = army((4, 1, 100), (0, 0, 100))
    tick(two, np.array([[EAST, EAST]]), KEYS, 5)
    np.testing.assert_array_equal(two.x, [[4, 0]])


def test_an_army_without_soldiers_has_lost_and_the_match_is_over() -> None:
    game, lane = Battle(1, BattleParams(soldiers=2, size=8, max_length=9)), np.array([0])
    game.reset(lane, np.array([1], dtype=np.uint64))
    game.x[0], game.y[0], game.health[0] = [3, 0, 4, 4], [3, 0, 3, 4], [100, 100, 20, 15]
    step = game.step(lane, [np.array([STRIKE_EAST, 0, 0, 0])])
    assert not step.done[0]
    np.testing.assert_array_equal(step.terminated[0], [False, False, True, False])
    assert step.final[0] is not None and step.turn[0] is not None
    np.testing.assert_array_equal(step.final[0].agent, [2])
    np.testing.assert_array_equal(step.turn[0].agent, [0, 1, 3])
    step = game.step(lane, [np.array([6, 0, 0])])  # south-east
    assert step.done[0] and step.terminated[0, [0, 1, 3]].all() and not step.truncated.any()
    assert step.info["living_0"][0] == 2 and step.info["living_1"][0] == 0


def test_time_that_is_over_cuts_a_match_short() -> None:
    game, lane = Battle(1, BattleParams(soldiers=2, size=8, max_length=1)), np.array([0])
    game.reset(lane, np.array([1], dtype=np.uint64))
    step = game.step(lane, [np.zeros(4, dtype=np.int64)])
    assert step.done[0] and step.truncated.all() and not step.terminated.any()


def test_armies_that_do_not_fit_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="two armies of 64 soldiers do not fit on a field of 12 x 12"):
        BattleParams(soldiers=64, size=12)
