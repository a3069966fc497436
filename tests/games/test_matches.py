"""Environments written one match at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import Environment, EnvSpec, Exact, Forkable, Group
from marl.games import ForkableOneByOne, Match, OneByOne, Outcome, View
from marl.space import Box, Discrete
from marl.testing.games import kuhn, matching_pennies, skirmish
from marl.types import Array

SPEC = EnvSpec(
    agents=("walker", "sleeper"),
    groups=(
        Group("walkers", (0,), Box((2,), 0, 9), Discrete(3)),
        Group("sleepers", (1,), Box((2,), 0, 9), Box((2,), -1, 1)),
    ),
    sides=((0,), (1,)),
    dynamics="simultaneous",
    max_length=3,
    info={"steps": "how far the walker came"},
)


class Walk(Match):
    """The walker moves at every tick, the sleeper at the second alone; the walker is terminated, the sleeper cut."""

    def start(self) -> None:
        self.seen = np.zeros(2, dtype=np.float32)
        self.tick = 0

    def views(self) -> Mapping[int, View]:
        views = {0: View(self.seen, [True, True, False] if self.tick == 1 else None)}
        return views | {1: View(self.seen)} if self.tick == 1 else views

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        self.tick += 1
        self.seen += 1  # in place: what was handed out must not change
        for action in actions.values():
            if isinstance(action, np.ndarray):
                action *= 0  # nor what was handed in
        over = self.tick == 3
        info = {"steps": self.tick} if self.tick != 2 else {}
        return Outcome({0: 0.5}, {0} if over else set(), {1} if over else set(), done=over, info=info)

    def observe(self, agent: int) -> Array:
        return self.seen


def lanes(*numbers: int) -> Array:
    return np.array(numbers, dtype=np.int64)


@pytest.fixture
def walk() -> OneByOne:
    env = OneByOne(SPEC, 3, Walk)
    env.reset(lanes(0, 2), rng.as_keys([1, 2]))
    return env


def step(env: OneByOne, number: int) -> Any:
    sleeper = np.ones((1, 2), dtype=np.float32) if env.match(number).tick == 1 else None  # type: ignore[attr-defined]
    return env.step(lanes(number), [np.array([0]), sleeper])


def test_it_is_an_environment_with_the_powers_it_claims() -> None:
    assert isinstance(matching_pennies(1), Environment)
    assert not isinstance(matching_pennies(1), Forkable)
    assert isinstance(kuhn(1), Forkable) and isinstance(kuhn(1), Exact)
    assert isinstance(skirmish(1), Forkable) and not isinstance(skirmish(1), Exact)


def test_rows_come_in_the_order_of_the_lanes_asked_for(walk: OneByOne) -> None:
    walkers, sleepers = walk.reset(lanes(2, 0, 1), rng.as_keys([1, 2, 3]))
    assert walkers is not None and walkers.lane.tolist() == [2, 0, 1]
    assert walkers.first.all()
    assert sleepers is None


def test_first_is_set_when_an_agent_acts_first_and_not_before(walk: OneByOne) -> None:
    turn = step(walk, 0).turn
    assert turn[0].first.tolist() == [False]
    assert turn[1].first.tolist() == [True]


def test_only_the_rows_without_a_mask_are_free(walk: OneByOne) -> None:
    step(walk, 0)
    turn = walk.step(lanes(2), [np.array([0]), None]).turn
    joined = walk._turn(lanes(0))
    assert turn[0] is not None and turn[0].mask is not None and joined[0] is not None
    mixed = walk.reset(lanes(0), rng.as_keys([4]))[0]
    assert mixed is not None and mixed.mask is None
    both = walk._turn(lanes(0, 2))[0]  # one row has a mask, the other none
    assert both is not None and both.mask is not None
    assert both.mask.tolist() == [[True, True, True], [True, True, False]]


def test_a_match_may_write_into_its_arrays_without_changing_what_was_handed_out(walk: OneByOne) -> None:
    turn = step(walk, 0).turn
    aims = np.ones((1, 2), dtype=np.float32)
    walk.step(lanes(0), [np.array([0]), aims])
    assert turn[0].observation.tolist() == [[1, 1]]
    assert aims.tolist() == [[1, 1]]


def test_agents_end_each_in_their_own_way_with_their_last_observation(walk: OneByOne) -> None:
    for _ in range(2):
        assert not step(walk, 0).done[0]
    last = step(walk, 0)
    assert last.done[0]
    assert last.terminated.tolist() == [[True, False]]
    assert last.truncated.tolist() == [[False, True]]
    assert [rows.observation.tolist() for rows in last.final] == [[[3, 3]], [[3, 3]]]
    assert last.turn == (None, None)


def test_info_columns_are_always_there(walk: OneByOne) -> None:
    assert [step(walk, 0).info["steps"].tolist() for _ in range(3)] == [[1], [0], [3]]
    assert walk.step(lanes(2), [np.array([7]), None]).info["steps"].tolist() == [0]


def test_an_illegal_action_ends_the_match_and_names_who_did_it(walk: OneByOne) -> None:
    step(walk, 0)
    masked = walk.step(lanes(0), [np.array([2]), np.zeros((1, 2), dtype=np.float32)])
    assert masked.fault.tolist() == [0] and masked.done.all() and masked.terminated.all()
    step(walk, 2)
    outside = walk.step(lanes(2), [np.array([0]), np.full((1, 2), 3, dtype=np.float32)])
    assert outside.fault.tolist() == [1] and outside.done.all()


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([np.array([0, 0]), None], "'walkers' has 1 rows in these lanes, so .* but an array of shape .2,. came"),
        ([None, None], "'walkers' has 1 rows in these lanes, .* but none came"),
        ([np.array([0])], "there are 2 groups, but actions for 1 came"),
        ([np.array([[0]]), None], r"must have shape \(1,\), but an array of shape \(1, 1\) came"),
        ([np.array([0]), np.zeros((1, 2))], "'sleepers' has 0 rows"),
    ],
)
def test_wrong_actions_are_refused_in_a_sentence(walk: OneByOne, actions: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        walk.step(lanes(0), actions)


def test_lanes_without_a_match_cannot_be_stepped(walk: OneByOne) -> None:
    for _ in range(3):
        step(walk, 0)
    for lane in (0, 1):
        with pytest.raises(ValueError, match=f"lane {lane} is over or was never started"):
            walk.step(lanes(lane), [None, None])


def test_chance_follows_from_the_seed_alone() -> None:
    deals = {seed: kuhn(3).reset(lanes(1), rng.as_keys([seed]))[0].observation.tolist() for seed in range(30)}  # type: ignore[union-attr]
    assert {tuple(map(tuple, deal)) for deal in deals.values()} == {
        tuple(map(tuple, np.eye(9)[[card]].tolist())) for card in range(3)
    }
    env = kuhn(2)
    for seed in (5, 3, 5):
        assert env.reset(lanes(0), rng.as_keys([seed]))[0].observation.tolist() == deals[seed]  # type: ignore[union-attr]


def test_kuhn_is_the_game_of_the_books() -> None:
    form = kuhn(1).sequence_form()
    uniform = [player.plan(player.uniform()) for player in form.players]
    assert form.nash_conv(uniform) == pytest.approx(11 / 12)
    assert form.returns(uniform).tolist() == pytest.approx([1 / 8, -1 / 8])


def test_a_saved_match_can_be_redrawn_and_saved_again() -> None:
    """The saved bytes carry earlier changes of the seed, so that a fork of a fork is the same match."""
    spec = dataclasses.replace(
        SPEC, max_length=9, groups=(Group("rollers", (0, 1), Box((), 0, 1), Discrete(1)),), info={}
    )
    one, two = (ForkableOneByOne(spec, 2, Dice) for _ in range(2))
    act = [np.array([0])]
    one.reset(lanes(0), rng.as_keys([1]))
    one.step(lanes(0), act)
    one.load(lanes(1), one.save(lanes(0)), rng.as_keys([2]))
    seen = one.step(lanes(1), act).turn[0].observation.tolist()  # type: ignore[union-attr]
    assert seen != one.step(lanes(0), act).turn[0].observation.tolist()  # type: ignore[union-attr]
    assert two.load(lanes(0), one.save(lanes(1)))[0].observation.tolist() == seen  # type: ignore[union-attr]
    assert two.step(lanes(0), act).turn[0].observation == one.step(lanes(1), act).turn[0].observation  # type: ignore[union-attr]


class Dice(Match):
    def start(self) -> None:
        self.rolled = self.chance()

    def views(self) -> Mapping[int, View]:
        return {0: View(np.float32(self.rolled))}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        self.rolled = self.chance()
        return Outcome()

    def observe(self, agent: int) -> Array:
        return np.asarray(self.rolled, dtype=np.float32)


def test_as_many_lanes_must_take_a_saved_match_as_were_saved() -> None:
    env = kuhn(2)
    env.reset(lanes(0), rng.as_keys([1]))
    with pytest.raises(ValueError, match="1 matches were saved, but 2 lanes"):
        env.load(lanes(0, 1), env.save(lanes(0)))
    with pytest.raises(ValueError, match="the match in lane 1 is over or was never started"):
        env.save(lanes(1))
