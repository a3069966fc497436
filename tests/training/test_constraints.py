"""Constraints on channels: weights that are learned until a channel's mean keeps to its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.algorithm import Checkpoint
from marl.arena import Mixtures, Sampler
from marl.errors import UserError
from marl.policies.random import Random
from marl.registry import load_registry
from marl.registry.params import fill
from marl.testing.games.skirmish import SPEC, skirmish
from marl.training.composition import RewardConfig, combined
from marl.training.rewards import Rewards


def rewards(**block: Any) -> Rewards:
    return Rewards(fill(RewardConfig, block, "reward", "the block", load_registry()), SPEC, 0.9)


@pytest.fixture(scope="module")
def windows() -> Any:
    sampler = Sampler(skirmish(8), [Random(SPEC)], Mixtures(np.ones((2, 1)), 3), [0])
    return list(sampler.collect(100))


@pytest.mark.parametrize(("bound", "sign"), [("at_most", -1.0), ("at_least", 1.0)])
def test_the_weight_grows_while_the_bound_is_broken_and_falls_to_nothing_while_it_is_kept(
    windows: Any, bound: str, sign: float
) -> None:
    mean = float(np.concatenate([one.reward for one in windows]).mean())
    for beside in (-1.0, 1.0):
        broken = (mean - (mean + beside)) * (1.0 if bound == "at_most" else -1.0)  # how far the mean is beyond it
        subject = rewards(weights={"game": {bound: mean + beside, "rate": 0.5, "start": 1.0, "damping": 0.0}})
        told = [subject.fit(subject(windows).samples, 1)["reward.game.weight"] for _ in range(4)]
        wanted = [sign * max(0.0, 1.0 + 0.5 * update * broken) for update in range(4)]
        assert told == pytest.approx(wanted)
        last = sign * max(0.0, 1.0 + 2.0 * broken)
        total = np.concatenate([one.reward for one in subject(windows).windows])
        beyond = np.concatenate([one.reward for one in windows]) - (mean + beside)
        np.testing.assert_allclose(total, last * beyond, atol=1e-12)


def test_it_is_part_of_checkpoints_and_begins_anew_with_another_run(windows: Any) -> None:
    block = {"weights": {"game": {"at_most": -1.0, "rate": 0.1}}}
    first, other = rewards(**block), rewards(**block)
    first.fit(first(windows).samples, 1)
    other.resume(first.keep(Checkpoint({})))
    assert other.fit(other(windows).samples, 2) == first.fit(first(windows).samples, 2)
    first.reset(3)
    assert first.fit(first(windows).samples, 2)["reward.game.weight"] == 0.0


def test_multiplier_and_policy_settle_where_the_bound_is_just_kept(windows: Any) -> None:
    """A policy that answers smoothly: paid `w` for a channel, it has a mean of `2 + w`. The bound asks for 0.5."""
    subject = rewards(weights={"game": {"at_most": 0.5, "rate": 0.2}})
    mean = 2.0
    for _ in range(200):
        weight = subject.fit({":multipliers/game": np.full(8, mean)}, 0)["reward.game.weight"]
        mean = 2.0 + weight
    assert mean == pytest.approx(0.5, abs=1e-3) and weight == pytest.approx(-1.5, abs=1e-3)


@pytest.mark.parametrize(
    ("bound", "clip", "paid"), [(1.0, {}, 0.0), (-1.0, {}, -2.0), (5.0, {"same": [0.0, 2.0]}, 1.0)]
)
def test_what_keeps_to_its_bound_costs_nothing(windows: Any, bound: float, clip: Any, paid: float) -> None:
    """Else every row of a match would cost something, and ending it would be a way out. The bound is clipped, too."""
    channels = {"same": {"name": "rewards/value", "of": "1 + 0 * info.hits"}}
    subject = rewards(channels=channels, clip=clip, weights={"game": 0.0, "same": {"at_most": bound, "start": 1.0}})
    for one in subject(windows).windows:
        np.testing.assert_allclose(one.reward, paid)


def slow(**more: float) -> tuple[float, float]:
    """A policy that goes a fiftieth of the way to its answer, `2.5 + 2 w`, in an update, and is to pay at most 1.

    The least that it pays, and how far from the bound it is in the last 50 of 200 updates, on average.
    """
    subject, mean, means = rewards(weights={"game": {"at_most": 1.0, **more}}), 2.5, []
    for _ in range(200):
        weight = subject.fit({":multipliers/game": np.full(8, mean)}, 0)["reward.game.weight"]
        mean += (max(0.3, 2.5 + 2 * weight) - mean) / 50
        means.append(mean)
    return min(means), float(np.abs(np.array(means[-50:]) - 1.0).mean())


def test_the_damped_rule_does_not_fall_far_below_the_bound_where_a_policy_answers_late() -> None:
    """What the integral alone does."""
    (least, apart), (undamped, circling) = slow(), slow(damping=0.0)
    assert least > 0.55 and apart < 0.05
    assert undamped < 0.5 and circling > 0.15


def test_the_weight_is_the_sum_of_all_violations_and_a_share_of_the_recent_ones() -> None:
    subject = rewards(weights={"game": {"at_most": 1.0, "rate": 0.1, "damping": 5.0, "smooth": 0.75}})
    told = [
        subject.fit({":multipliers/game": np.full(4, mean)}, 0)["reward.game.weight"] for mean in (3.0, 1.0, -3.0, 1.0)
    ]
    # violations 2, 0, -4: sums 0.2, 0.2, 0 (never below); running means 0.5, 0.375, -0.71875
    assert told == pytest.approx([0.0, -(0.2 + 0.5 * 0.5), -(0.2 + 0.5 * 0.375), 0.0])


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [
        ({"at_most": 1.0, "at_least": 0.0}, "either at_most or at_least"),
        ({"rate": 1.0}, "either at_most or at_least"),
        ({"at_most": 1.0, "rate": 0.0}, "rate must be above 0"),
        ({"at_most": 1.0, "start": -1.0}, "start must not be negative"),
        ({"at_most": 1.0, "damping": -1.0}, "damping must not be negative"),
        ({"at_most": 1.0, "smooth": 1.0}, "smooth must be from 0 to below 1"),
        ({"at_mots": 1.0, "rate": 1.0}, "has no key 'at_mots'; did you mean 'at_most'"),
    ],
)
def test_constraints_that_make_no_sense_are_refused(weight: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        rewards(weights={"game": weight})


def test_models_that_disagree_are_trusted_less() -> None:
    agreed, apart = [np.array([1.0])] * 3, [np.array([0.0]), np.array([1.0]), np.array([2.0])]
    assert combined("cautious", agreed)[0] == 1.0
    assert combined("cautious", apart)[0] == pytest.approx(1 - 2 / 3)
    assert combined("cautious", apart, 3.0)[0] == pytest.approx(-1.0)
    assert combined("min", apart)[0] == 0.0
    with pytest.raises(UserError, match="caution is a number from 0 up, of by: cautious"):
        rewards(combine={"both": {"by": "min", "of": ["game", "other"], "caution": 1.0}})


def test_a_constraint_is_no_coefficient() -> None:
    config = fill(RewardConfig, {"weights": {"game": {"at_most": 0.0}}}, "reward", "the block", load_registry())
    assert config.coefficients(0.5) == {} and not config.is_plain
