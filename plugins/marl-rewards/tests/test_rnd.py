"""Random network distillation: what is seen often is no longer new, and a saved one goes on bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.arena import Mixtures, Sampler
from marl.policies.random import Random
from marl.reward import LearningReward, Window
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl.testing.games.skirmish import SPEC, skirmish
from marl_rewards.encode import encode, width
from marl_rewards.moments import Moments
from marl_rewards.rnd import RND, Distiller, Params


def windows(rows: int = 400, times: int = 1) -> list[list[Window]]:
    sampler = Sampler(skirmish(8), [Random(SPEC)] * 2, Mixtures(np.ones((2, 2)), 3), [0])
    return [[Window(part, SPEC, 0.99) for part in sampler.collect(rows)] for _ in range(times)]


def step(reward: RND, parts: list[Window], seed: int) -> tuple[list[Any], dict[str, float]]:
    """What an update does: pay every window, then fit to all samples."""
    paid = [reward(part)["novelty"] for part in parts]
    samples: dict[str, Any] = {}
    for part in parts:
        samples |= reward.samples(part)
    return paid, dict(reward.fit(samples, seed))


def test_what_is_seen_often_is_no_longer_new() -> None:
    draw = np.random.default_rng(0)
    often, never = draw.normal(size=(256, 8)) * 0.3, draw.normal(size=(64, 8)) * 0.3 + 1.5
    distiller = Distiller(8, Params(lr=3e-3, share=1.0), seed=1)
    first = distiller.fit(often, 0)
    for seed in range(1, 60):
        last = distiller.fit(often, seed)
    assert last < first / 10
    assert distiller.error(never).mean() > 10 * distiller.error(often).mean()


def test_novelty_is_finite_in_deviations_and_nothing_before_anything_was_seen() -> None:
    reward = RND(SPEC)
    assert isinstance(reward, LearningReward)
    for number, parts in enumerate(windows(times=3)):
        paid, told = step(reward, parts, number)
        assert all(
            np.isfinite(column).all() and column.shape == (len(part),) for column, part in zip(paid, parts, strict=True)
        )
        assert all((column == 0).all() for column in paid) == (number == 0)
        assert set(told) == {"error.group0", "error.group1"}


@pytest.mark.parametrize("before", [0, 2])
def test_a_saved_one_goes_on_bit_by_bit(before: int) -> None:
    updates = windows(times=4)
    one = RND(SPEC)
    one.reset(11)
    for number, parts in enumerate(updates[:before]):
        step(one, parts, number)
    other = RND(SPEC)
    other.load({name: np.array(array) for name, array in one.save().items()})
    for number, parts in enumerate(updates[before:]):
        (mine, told), (theirs, said) = step(one, parts, number), step(other, parts, number)
        assert told == said and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    mine, theirs = one.save(), other.save()
    assert set(mine) == set(theirs) and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_seeds_decide_about_the_networks() -> None:
    states = []
    for seed in (1, 1, 2):
        reward = RND(SPEC)
        reward.reset(seed)
        states.append(reward.save())
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert not np.array_equal(states[0]["group0.target.0.weight"], states[2]["group0.target.0.weight"])
    assert not np.array_equal(states[0]["group0.target.0.weight"], states[0]["group0.predictor.0.weight"])


def test_moments_are_those_of_all_rows_together() -> None:
    rows, moments = np.random.default_rng(1).normal(3, 5, size=(50, 4)), Moments(4)
    for part in (rows[:1], rows[1:30], rows[30:]):
        moments.add(part)
    np.testing.assert_allclose(moments.mean, rows.mean(0))
    np.testing.assert_allclose(moments.variance, rows.var(0))
    assert moments.count == 50


def test_observations_become_vectors() -> None:
    space = Tree({"b": Box((2, 1)), "a": Discrete(3), "c": MultiDiscrete((2, 2))})
    batch = {"b": np.array([[[5.0], [6.0]]]), "a": np.array([2]), "c": np.array([[0, 1]])}
    assert width(space) == 9
    assert encode(space, batch).tolist() == [[0, 0, 1, 5, 6, 1, 0, 0, 1]]
