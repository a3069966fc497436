"""Births and deaths within a match: a life is a segment of its own, whoever had the place before.

In the burrow a life is a number that its rows see and are paid, so that everything that joins two lives is found out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="what learns needs it")

import torch

from marl.arena import Mixtures, Record, Sampler
from marl.arena.failure import EnvironmentFailed
from marl.datasets import Dataset, recording
from marl.datasets.header import Header, spec_of
from marl.env import Actions, Lanes, Rows, Step
from marl.errors import UserError
from marl.games import ForkableOneByOne
from marl.policies.random import Random
from marl.policy import Acts
from marl.testing import check_environment
from marl.testing.games.burrow import LIMIT, PLACES, SPEC, Burrow, burrow
from marl.training.experience.ahead import gains
from marl.training.experience.on_policy import generalised_advantages
from marl.training.experience.ring import Ring
from marl.training.experience.transitions import transitions
from marl.training.sequences import sequences
from marl.training.team import _Rows
from marl.types import Array, Keys

ONE = np.ones((1, 1))


class Ages:
    """Plays at random, counts its own turns in its memory, and calls the count its value."""

    def memory(self, rows: int) -> Array:
        return np.zeros((rows, 1), dtype=np.float32)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        assert memory is not None
        action = (keys % np.uint64(2)).astype(np.int64)
        return Acts(action, np.zeros(len(rows)), memory[:, 0].astype(np.float64), memory + 1)


def sampler(lanes: int = 5, record: Record | None = None, checkpoint: Any = None) -> Sampler:
    return Sampler(burrow(lanes), [Ages()], Mixtures(ONE, 3), [0], checkpoint, record=record)


def lives(window: Any) -> Array:
    """The number that each row's life has, over all matches."""
    return np.asarray(window.match * 1000 + window.observation[:, 0].astype(np.int64))


@pytest.fixture(scope="module")
def windows() -> list[Any]:
    """Windows that cut lives and matches in many places."""
    one = sampler()
    return [one.collect(37)[0] for _ in range(20)]


def test_a_row_is_followed_by_the_same_life_or_by_its_end(windows: list[Any]) -> None:
    ended = 0
    for window in windows:
        inside = window.next_row >= 0
        assert (lives(window)[inside] == lives(window)[window.next_row[inside]]).all()
        seen = window.next_observation()
        assert (seen[:, 0] == window.observation[:, 0])[window.followed].all()
        assert (window.reward == window.observation[:, 0]).all(), "a life is paid its own number at every tick"
        over = window.terminated | window.truncated
        assert (window.next_row[over] < 0).all()
        assert (window.first == (window.observation[:, 1] == 0)).all()
        assert not window.unassigned.any()
        ended += int(over.sum())
    places = {(window.match[row], window.agent[row]) for window in windows for row in range(len(window))}
    assert ended > 2 * len(places), "places were taken again, or nothing was looked at"


def test_memory_is_empty_when_a_life_begins(windows: list[Any]) -> None:
    for window in windows:
        assert (window.memory[:, 0] == window.observation[:, 1]).all()
        assert (window.value == window.observation[:, 1]).all()


def test_lives_are_numbered_apart(windows: list[Any]) -> None:
    for window in windows:
        pairs = set(zip(window.lives().tolist(), lives(window).tolist(), strict=True))
        assert len(pairs) == len(set(window.lives())) == len(set(lives(window)))


def test_advantages_are_those_of_each_life_by_itself() -> None:
    """With whole lives and no discount, an advantage is what the life still earns less what was expected."""
    window = sampler().collect(400)[0]
    found = generalised_advantages(window, np.zeros(len(window.last_row)), 1.0, 1.0)
    ends = set(lives(window)[window.terminated].tolist())
    for life in ends:
        rows = np.flatnonzero(lives(window) == life)
        left = np.cumsum(window.reward[rows][::-1])[::-1]
        assert found.advantage[rows] == pytest.approx(left - window.value[rows])
    assert len(ends) > 50


def test_turns_in_a_replay_stop_at_the_end_of_a_life(windows: list[Any]) -> None:
    ring = Ring(10_000)
    live = SimpleNamespace(seen=lambda observation, agent: observation)
    for window in windows:
        ring.add(transitions(window, np.arange(len(window)), live, PLACES), 0)  # type: ignore[arg-type]
    drawn = ring.turns(np.arange(ring.size), 3, 1.0)
    turns = drawn["reward"] / drawn["observation"][:, 0]
    assert (turns == np.round(turns)).all() and turns.max() == 3, "sums are of one life's own number"
    on = drawn["discount"] > 0
    assert (drawn["next_observation"][on, 0] == drawn["observation"][on, 0]).all()


def test_sequences_clear_their_memory_between_lives(windows: list[Any]) -> None:
    for window in windows:
        cut = sequences(window, np.arange(len(window)), 4)
        life, first = cut.lay(lives(window)), cut.lay(window.first)
        another = (life[:, 1:] != life[:, :-1]) & cut.valid[:, 1:]
        assert (first[:, 1:] == another)[cut.valid[:, 1:]].all()


def test_the_next_gain_is_one_of_the_same_life(windows: list[Any]) -> None:
    for window in windows:
        rare = replace(window, reward=np.where(window.observation[:, 1] == 2, 1.0, 0.0))
        at = gains(rare)
        known = at >= 0
        assert (lives(window)[known] == lives(window)[at[known]]).all()
        assert (window.observation[known, 1] <= 2).all()


def test_a_play_that_is_taken_up_again_goes_on_alike() -> None:
    one = sampler()
    one.collect(50)
    other = sampler(checkpoint=one.save())
    for _ in range(5):
        left, right = one.collect(31)[0], other.collect(31)[0]
        for name in ("match", "agent", "tick", "reward", "first", "next_row", "terminated", "memory"):
            assert (getattr(left, name) == getattr(right, name)).all(), name


def test_joint_rows_say_where_lives_begin_and_networks_of_teams_forget_there() -> None:
    window = sampler(record=Record(whole=True)).collect(200)[0]
    joint = window.joint(0, range(PLACES))
    age = joint.observation[..., 1]
    assert (joint.first == (joint.acts & (age == 0)))[:, :-1].all()
    assert (joint.first.sum(axis=1) > 1).any()
    network = SimpleNamespace(memory_size=1, distribution=SimpleNamespace(outputs=1, free=0))
    part = {name: torch.as_tensor(getattr(joint, name)) for name in ("acts", "first", "observation")}
    rows: Any = _Rows({**part, "mask": part["acts"][..., None]}, network)  # type: ignore[arg-type]
    valid, seen = rows.columns["valid"], rows.columns["observation"]
    assert (rows.columns["first"] == (seen[..., 1] == 0))[valid].all()


def test_recorded_lives_are_read_as_they_were_played(tmp_path: Path) -> None:
    header = Header("test/burrow", {}, spec_of(SPEC), [{"name": "one"}], [[[1.0]]], 5, 20)
    cast = recording.Cast([Random(SPEC)], np.ones((1, 1, 1)))
    for _ in recording.record(tmp_path, recording.begun(tmp_path, header), cast, burrow, 20):
        pass
    (window,) = Dataset(tmp_path).windows(np.arange(20))
    assert (window.first == (window.observation[:, 1] == 0)).all()
    assert (window.next_observation()[:, 0] == window.observation[:, 0])[window.followed].all()
    inside = window.next_row >= 0
    assert (lives(window)[inside] == lives(window)[window.next_row[inside]]).all()
    assert ((window.next_row >= 0) | window.terminated | window.truncated).all()


class Spoilt(ForkableOneByOne):
    """The burrow with one bug."""

    bug = ""

    def __init__(self, lanes: int) -> None:
        super().__init__(SPEC, lanes, Burrow)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        step = super().step(lanes, actions)
        rows, ended = step.turn[0], step.terminated | step.truncated
        if self.bug == "one life" and rows is not None:
            rows.first[:] = False
        if self.bug == "begins too early" and rows is not None:
            rows.first[:] = True
        if self.bug == "pays nobody":
            step.rewards[:, :] = 1.0
        if self.bug == "ends nobody":
            step.terminated |= step.done[:, None] & ~ended
        if self.bug == "leaves the living":
            step.truncated &= ~step.done[:, None]
        return step


@pytest.mark.parametrize(
    ("bug", "check", "words", "told"),
    [
        ("one life", "first", "missing on the first row", "to act after its part ended; the first row of another life"),
        ("begins too early", "first", "set on a later row", "before the last one ended"),
        ("begins too early", "termination", "begin before the last ones ended", "before the last one ended"),
        ("pays nobody", "termination", "a reward where nobody lives", "after its part ended"),
        ("ends nobody", "termination", "end where nobody lives", "where nobody lives"),
        ("leaves the living", "termination", "done, but agents", ""),
    ],
)
def test_what_would_join_lives_is_seen(bug: str, check: str, words: str, told: str) -> None:
    spoilt: Any = type("Spoilt", (Spoilt,), {"bug": bug})
    result = check_environment(spoilt, only=[check])[check]
    assert result.status == "fail" and words in result.message
    if told:
        with pytest.raises(EnvironmentFailed, match=told):
            Sampler(spoilt(4), [Ages()], Mixtures(ONE, 3), [0]).collect(300)


def test_a_world_that_dies_out_ends_its_match() -> None:
    """Nobody is born any more, so matches are over before their greatest length."""

    class Barren(Burrow):
        def _born(self, place: int) -> None:
            if self.tick == 0:
                super()._born(place)

    def barren(lanes: int) -> ForkableOneByOne:
        return ForkableOneByOne(SPEC, lanes, Barren)

    assert check_environment(barren).ok
    one = Sampler(barren(3), [Ages()], Mixtures(ONE, 3), [0])
    one.collect(200)
    results = one.play.drain()
    assert (results.length < LIMIT).all() and not results.truncated.any()


def test_algorithms_that_have_no_use_for_births_say_so() -> None:
    nash = pytest.importorskip("marl_nash.whole")
    live = SimpleNamespace(networks={"x": SimpleNamespace(memory_size=0)}, spec=SPEC)
    with pytest.raises(UserError, match="born and die"):
        nash.WholeMatches(SimpleNamespace(auxiliary=None)).cut([], live, ["x"])
