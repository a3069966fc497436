from __future__ import annotations

import numpy as np
import pytest

from marl.env import Environment, Exact, Forkable
from marl.errors import UserError
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.tic_tac_toe import TicTacToe


def seeds(lanes: np.ndarray) -> np.ndarray:
    return lanes.astype(np.uint64) * np.uint64(1_000_003) + np.uint64(9)


def record(env, lanes, turn, run) -> dict[int, list]:
    """What each lane went through, tick by tick."""
    story: dict[int, list] = {int(lane): [] for lane in lanes}
    for tick in run(env, lanes, turn):
        for rows in tick.turn:
            if rows is not None:
                for i, lane in enumerate(rows.lane):
                    story[int(lane)].append(
                        (int(rows.agent[i]), rows.observation[i].tobytes(), rows.mask[i].tobytes(), bool(rows.first[i]))
                    )
        for i, lane in enumerate(tick.step.lanes):
            story[int(lane)].append((tick.step.rewards[i].tolist(), bool(tick.step.done[i])))
    return story


def test_environments_are_what_they_claim(make) -> None:
    env = make(2)
    assert isinstance(env, Environment) and isinstance(env, Forkable)
    assert isinstance(make(1), Exact) == hasattr(env, "sequence_form")


def test_the_seed_decides_everything_and_lanes_do_not_matter(make, run) -> None:
    lanes = np.arange(12)
    env = make(12)
    together = record(env, lanes, env.reset(lanes, seeds(lanes)), run)
    assert together == record(env, lanes, env.reset(lanes, seeds(lanes)), run)
    shuffled = lanes[::-1].copy()
    assert together == record(env, shuffled, env.reset(shuffled, seeds(shuffled)), run)
    alone = make(12)
    for lane in lanes:
        one = lanes[[lane]]
        assert record(alone, one, alone.reset(one, seeds(one)), run)[int(lane)] == together[int(lane)]


def test_lanes_can_be_stepped_one_at_a_time(make, random_actions, same_turn) -> None:
    lanes = np.arange(6)
    batched, single = make(6), make(6)
    turn = batched.reset(lanes, seeds(lanes))
    turns = {int(lane): single.reset(lanes[[lane]], seeds(lanes[[lane]])) for lane in lanes}
    tick = 0
    while lanes.size:
        step = batched.step(lanes, random_actions(batched, turn, tick))
        for row, lane in enumerate(lanes):
            alone = single.step(lanes[[row]], random_actions(single, turns[int(lane)], tick))
            turns[int(lane)] = alone.turn
            assert alone.rewards[0].tolist() == step.rewards[row].tolist()
            assert bool(alone.done[0]) == bool(step.done[row])
            mine = tuple(None if rows is None else rows.take(rows.lane == lane) for rows in step.turn)
            same_turn(alone.turn, tuple(rows if rows is not None and len(rows) else None for rows in mine))
        lanes, turn, tick = lanes[~step.done], step.turn, tick + 1


def test_a_refilled_lane_leaves_the_others_alone(make, run) -> None:
    lanes = np.arange(4)
    env, undisturbed = make(4), make(4)
    expected = record(undisturbed, lanes, undisturbed.reset(lanes, seeds(lanes)), run)
    turn = env.reset(lanes, seeds(lanes))
    others = lanes[1:]
    env.reset(lanes[:1], seeds(lanes[:1] + 50))
    turn = tuple(None if rows is None else rows.take(rows.lane > 0) for rows in turn)
    assert record(env, others, turn, run) == {int(lane): expected[int(lane)] for lane in others}


def test_saved_matches_go_on_as_they_would_have(make, random_actions, run, same_turn) -> None:
    env = make(8)
    lanes = np.arange(8)
    turn = env.reset(lanes, seeds(lanes))
    blob = env.save(lanes)
    expected = record(env, lanes, turn, run)
    same_turn(env.load(lanes, blob), turn)
    assert record(env, lanes, env.load(lanes, blob), run) == expected
    other = make(20)
    moved = lanes + 12
    same_turn(other.load(moved, blob), turn)
    assert other.save(moved) == blob


def test_saved_in_the_middle_the_rest_is_the_same(make, random_actions, run) -> None:
    env = make(8)
    lanes = np.arange(8)
    step = env.step(lanes, random_actions(env, env.reset(lanes, seeds(lanes)), 0))
    blob = env.save(lanes)
    live = lanes[~step.done]
    expected = record(env, live, step.turn, lambda *given: run(*given, 1))
    fresh = make(8)
    assert record(fresh, live, fresh.load(lanes, blob), lambda *given: run(*given, 1)) == expected


def test_other_seeds_redraw_only_what_is_to_come() -> None:
    env = LeducPoker(200)
    lanes = np.arange(200)
    env.reset(lanes[:1], seeds(lanes[:1]))
    hands = env.card[0].copy()
    env.load(lanes, env.save(np.zeros(200, np.int64)), seeds(lanes))
    for _ in range(2):
        env.step(lanes, [np.ones(200, np.int64)])
    assert (env.card[:, :2] == hands[:2]).all()
    assert set(env.card[:, 2].tolist()) == set(range(6)) - set(hands[:2].tolist())


def test_deals_are_fair() -> None:
    env = KuhnPoker(6000)
    lanes = np.arange(6000)
    env.reset(lanes, seeds(lanes))
    counts = np.unique(env.card, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 130


def test_blobs_of_other_games_and_damaged_blobs_are_refused() -> None:
    env = KuhnPoker(2)
    lanes = np.arange(2)
    env.reset(lanes, seeds(lanes))
    blob = env.save(lanes)
    for wrong in (
        b"",
        b"junk",
        blob[:-1],
        blob + b"x",
        TicTacToe(2).save(lanes),
        KuhnPoker(2, params=KuhnParams(players=3)).save(lanes),
    ):
        with pytest.raises(UserError, match="saved matches"):
            env.load(lanes, wrong)
    with pytest.raises(UserError, match="2 saved matches"):
        env.load(lanes[:1], blob)


def test_rows_stay_as_they_were_when_the_match_goes_on(make, random_actions) -> None:
    env = make(4)
    lanes = np.arange(4)
    turn = env.reset(lanes, seeds(lanes))
    before = [None if rows is None else (rows.observation.copy(), rows.mask.copy()) for rows in turn]
    env.step(lanes, random_actions(env, turn, 0))
    for rows, kept in zip(turn, before, strict=True):
        if rows is not None:
            np.testing.assert_array_equal(rows.observation, kept[0])
            np.testing.assert_array_equal(rows.mask, kept[1])
            rows.mask[:] = False
            rows.observation[:] = 7
    again = env.reset(lanes, seeds(lanes))
    for rows, kept in zip(again, before, strict=True):
        if rows is not None:
            np.testing.assert_array_equal(rows.observation, kept[0])
