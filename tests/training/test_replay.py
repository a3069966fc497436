"""Replay: what follows what, over the borders of updates; n turns; priorities; and draws that a resumed run repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.training.experience.replay import Replay
from marl.training.experience.ring import Ring
from marl.training.experience.transitions import transitions
from marl.training.hyper import ReplayHyper
from marl.trajectory import Last


def rows(clock: list[int], *, first: int = -1, ended: int = -1, terminated: bool = True, slot: int = 0) -> Any:
    """Rows of one slot at these ticks, of an agent that sees the tick and earns 10 to its power; part of a match."""
    ticks = np.array(clock)
    ends = ticks == ended
    return {
        "observation": ticks[:, None].astype(np.float32),
        "next_observation": ticks[:, None].astype(np.float32) + 1,
        "action": ticks,
        "logp": np.zeros(len(ticks), np.float32),
        "reward": (10.0**ticks).astype(np.float32),
        "terminated": ends & terminated,
        "truncated": ends & (not terminated),
        "first": ticks == first,
        "slot": np.full(len(ticks), slot),
        "next_row": np.where(ends | (np.arange(len(ticks)) == len(ticks) - 1), -1, np.arange(len(ticks)) + 1),
    }


def turns(ring: Ring, steps: int, discount: float = 0.5) -> Any:
    """Reward, discount and what is seen next, for every row."""
    drawn = ring.turns(np.arange(ring.size), steps, discount)
    return [drawn["reward"].tolist(), drawn["discount"].tolist(), drawn["next_observation"][:, 0].tolist()]


def test_turns_are_counted_over_the_borders_of_updates() -> None:
    whole, apart = Ring(10), Ring(10)
    whole.add(rows([0, 1, 2, 3], first=0), 0)
    for part in ([0, 1], [2], [3]):
        apart.add(rows(part, first=0), 0)
    wanted = [[1 + 5 + 25, 10 + 50 + 250, 100 + 500, 1000], [1 / 8, 1 / 8, 1 / 4, 1 / 2], [3, 4, 4, 4]]
    assert turns(whole, 3) == turns(apart, 3) == wanted


@pytest.mark.parametrize("terminated", [True, False])
def test_nothing_is_counted_beyond_an_end_and_values_follow_only_a_cut(terminated: bool) -> None:
    ring = Ring(10)
    ring.add(rows([0, 1], first=0, ended=1, terminated=terminated), 0)
    ring.add(rows([2, 3], first=2), 0)
    after = [0.0, 0.0] if terminated else [1 / 4, 1 / 2]
    assert turns(ring, 3) == [[1 + 5, 10, 100 + 500, 1000], [*after, 1 / 4, 1 / 2], [2, 2, 4, 4]]


def test_a_match_that_was_broken_off_is_not_followed_by_the_next() -> None:
    ring = Ring(10)
    ring.add(rows([0], first=0), 0)
    ring.add(rows([1], first=1), 0)  # a new match, though the last one never ended
    assert turns(ring, 2)[0] == [1, 10]


def test_slots_and_samplers_do_not_follow_each_other() -> None:
    ring = Ring(10)
    ring.add(rows([0], first=0, slot=0), 0)
    ring.add(rows([1], first=1, slot=1), 0)
    ring.add(rows([2], first=2, slot=0), 1)
    ring.add(rows([3], slot=0), 0)
    ring.add(rows([4], slot=0), 1)
    assert turns(ring, 2)[0] == [1 + 500, 10, 100 + 5000, 1000, 10000]


def test_a_full_ring_keeps_the_newest_rows_and_their_order() -> None:
    ring, plain = Ring(4), Ring(100)
    for start in range(0, 12, 3):
        for each in (ring, plain):
            each.add(rows([start, start + 1, start + 2], first=0), 0)
    newest = np.arange(8, 12)
    one, other = ring.turns(newest % 4, 3, 0.5), plain.turns(newest, 3, 0.5)
    assert ring.size == 4 and all(np.array_equal(one[name], other[name]) for name in other)


def test_masks_that_come_later_allow_everything_before() -> None:
    ring = Ring(4)
    ring.add(rows([0], first=0), 0)
    ring.add({**rows([1]), "mask": np.array([[True, False]]), "next_mask": np.array([[False, True]])}, 0)
    ring.add(rows([2]), 0)
    drawn = ring.turns(np.arange(3), 1, 0.9)
    assert drawn["mask"].tolist() == [[True, True], [True, False], [True, True]]
    assert drawn["next_mask"].tolist() == [[True, True], [False, True], [True, True]]


def replay(**params: Any) -> Replay:
    return Replay(ReplayHyper(**{"rows": 4, "capacity": 64, "learning_starts": 1, "minibatch": 8, **params}))


def filled(**params: Any) -> Replay:
    kept = replay(**params)
    for start in range(0, 30, 3):
        kept.add([{"m": rows([start % 7, start % 7 + 1, start % 7 + 2], first=0, ended=4)}])
    return kept


def test_nothing_is_drawn_before_there_is_enough() -> None:
    kept = replay(learning_starts=10)
    kept.add([{"m": rows([0, 1, 2])}])
    assert kept.draw(0, {}).columns == {}


def test_uniform_draws_are_uniform_and_follow_from_the_seed() -> None:
    kept = filled(updates=500)
    drawn = kept.draw(3, {})
    counts = np.bincount(kept._drawn["m"], minlength=30)
    assert drawn.minibatches == {"m": 500} and not drawn.shuffled
    assert np.abs(counts - 4000 / 30).max() < 5 * (4000 / 30) ** 0.5
    assert np.array_equal(drawn.columns["m"]["action"], filled(updates=500).draw(3, {}).columns["m"]["action"])
    assert not np.array_equal(drawn.columns["m"]["action"], kept.draw(4, {}).columns["m"]["action"])
    assert (drawn.columns["m"]["weight"] == 1).all()


def test_priorities_are_proportional_and_weights_take_them_back() -> None:
    kept = filled(updates=1000, prioritised=True, priority=0.5)
    ring = kept.rings["m"]
    ring.surprised(np.arange(30), np.arange(1, 31) ** 2.0)
    drawn = kept.draw(1, {"importance": 1.0}).columns["m"]
    counts, share = np.bincount(kept._drawn["m"], minlength=30) / 8000, np.arange(1, 31) / np.arange(1, 31).sum()
    assert counts == pytest.approx(share, abs=4e-3)
    assert drawn["weight"] == pytest.approx(1 / (kept._drawn["m"] + 1), rel=1e-4)  # 1 for the least likely row
    kept.learned({"m": np.full(8000, 100.0, np.float32)})
    assert ring.priority[np.unique(kept._drawn["m"])] == pytest.approx(100)
    kept.add([{"m": rows([0])}])
    assert ring.priority[30] == pytest.approx(900)  # as surprising as anything so far


@pytest.mark.parametrize("rows_before", [9, 30])
def test_a_saved_replay_draws_what_it_would_have_drawn(rows_before: int) -> None:
    one = replay(capacity=16, prioritised=True, n_step=3)
    for start in range(0, rows_before, 3):
        one.add([{"m": rows([start, start + 1, start + 2], first=0)}])
    other = replay(capacity=16, prioritised=True, n_step=3)
    saved = one.save()
    other.load(Checkpoint({name: array.copy() for name, array in saved.arrays.items()}, saved.meta))
    for seed in range(4):
        drawn = [each.draw(seed, {"importance": 0.5}).columns["m"] for each in (one, other)]
        assert all(np.array_equal(drawn[0][name], drawn[1][name]) for name in drawn[0])
        for each, columns in zip((one, other), drawn, strict=True):
            each.learned({"m": columns["reward"]})
            each.add([{"m": rows([rows_before + seed])}])
    assert all(np.array_equal(array, other.save().arrays[name]) for name, array in one.save().arrays.items())


def test_a_smaller_replay_takes_up_the_newest_rows() -> None:
    small = replay(capacity=8, rows=1)
    small.load(filled().save())
    assert small.rings["m"].size == 8
    kept = small.rings["m"].turns(np.arange(8), 1, 1.0)["action"].tolist()
    assert sorted(kept) == sorted(filled().rings["m"].turns(np.arange(22, 30), 1, 1.0)["action"].tolist())


class Live:
    """Networks that see what there is."""

    def seen(self, observation: Any, agent: Any) -> Any:
        return observation


def test_transitions_end_at_the_next_own_turn(window: Callable[..., Trajectory]) -> None:
    """Two agents in turn: the first ends without a last look, the second goes on in the next window."""
    part = window(
        clock=np.array([0, 1, 2, 3]),
        agent=np.array([0, 1, 0, 1]),
        observation=np.array([[0.0], [1.0], [2.0], [3.0]], np.float32),
        mask=np.array([[True, False], [False, True], [True, True], [True, False]]),
        next_row=np.array([2, 3, -1, -1]),
        last_row=np.array([-1, -1, -1, 0]),
        terminated=np.array([False, False, True, False]),
        last=Last(np.array([[9.0]], np.float32), np.array([[False, True]]), None),
    )
    live: Any = Live()
    mine, theirs = (transitions(part, np.array(rows), live, 2) for rows in ([0, 2], [1, 3]))
    assert mine["next_observation"].tolist() == [[2], [2]] and mine["next_row"].tolist() == [1, -1]
    assert theirs["next_observation"].tolist() == [[3], [9]] and theirs["slot"].tolist() == [1, 1]
    assert theirs["next_mask"].tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"capacity": 10, "rows": 20}, "capacity: 10 rows do not hold what comes first"),
        ({"n_step": 0}, "n_step must be at least 1"),
        ({"priority": 1.5}, "priority must be between 0 and 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(params: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ReplayHyper(**params)


def test_a_ring_that_was_full_may_go_on_with_more_room() -> None:
    """It has the rows that it had, and no others; what comes next follows them."""
    small = Ring(4)
    for start in range(0, 6, 2):
        small.add(rows([start, start + 1], first=0), 0)
    large = Ring.loaded(10, small.save())
    assert large.size == 4 and turns(large, 1)[2] == [3, 4, 5, 6]
    large.add(rows([6, 7]), 0)
    assert turns(large, 2)[0] == [10.0**tick + 0.5 * 10.0 ** (tick + 1) for tick in range(2, 7)] + [10.0**7]
