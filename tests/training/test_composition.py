"""Channels as one reward: combined, scheduled, normalised, clipped, and balanced between sides."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from marl.algorithm import Checkpoint
from marl.arena import Mixtures, Record, Sampler, Trajectory
from marl.errors import RunError, UserError
from marl.policies.random import Random
from marl.registry import Component, load_registry
from marl.registry.params import fill
from marl.testing.games.kuhn import SPEC as KUHN
from marl.testing.games.skirmish import SPEC, skirmish
from marl.training.composition import Combination, RewardConfig, Schedule, combined
from marl.training.hyper import Hyper
from marl.training.rewards import Rewards

PLUGIN = '''
import numpy as np
from marl.registry import Descriptor, hookimpl

class Noise:
    """Two channels that anybody can compute again: by match, tick and agent."""
    channels = {"a": "between -1 and 1", "b": "between -3 and 5"}
    def __init__(self, spec): pass
    def __call__(self, window):
        rows = window.rows
        at = np.sin(rows.match * 12.9 + rows.tick * 78.2 + rows.agent * 37.7)
        return {"a": at, "b": 1 + 4 * np.cos(50 * at)}

class Agent:
    channels = {"agent": "its number"}
    def __init__(self, spec): pass
    def __call__(self, window): return {"agent": window.rows.agent + 1.0}

class Rude(Agent):
    """Reports under a name that is taken."""
    def reset(self, seed): pass
    def samples(self, window): return {"x": np.ones(1)}
    def fit(self, samples, seed): return {"paid": 1.0}
    def save(self): return {}
    def load(self, state): pass

@hookimpl
def marl_rewards():
    yield Descriptor("noise", "pays:Noise", "noise")
    yield Descriptor("agent", "pays:Agent", "agent")
    yield Descriptor("rude", "pays:Rude", "rude")
'''
PARTS = st.lists(st.floats(-10, 10).map(lambda x: x + 0.0), min_size=2, max_size=5)


@pytest.fixture(autouse=True)
def plugin(tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plugin with rewards, installed as others are."""
    folder: Path = tmp_path_factory.mktemp("pays")
    info = folder / "pays-1.0.dist-info"
    info.mkdir()
    (folder / "pays.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pays\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\npays = pays\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("MARL_PLUGINS", "pays")
    monkeypatch.setattr("marl.registry.load._loaded", {})
    yield
    sys.modules.pop("pays", None)


def windows(rows: int = 300, updates: int = 1, learners: tuple[int, ...] = (0,)) -> list[list[Trajectory]]:
    shares = np.ones((2, 1)) if learners == (0,) else np.eye(2)
    sampler = Sampler(skirmish(8), [Random(SPEC)] * shares.shape[1], Mixtures(shares, 3), [0])
    return [list(sampler.collect(rows)) for _ in range(updates)]


def config(**block: Any) -> RewardConfig:
    """A `reward:` block as a scenario gives it."""
    return fill(RewardConfig, block, "reward", "the block", load_registry())


def rewards(spec: Any = SPEC, **block: Any) -> Rewards:
    return Rewards(config(**block), spec, 0.9)


def of(paid: Any) -> Any:
    return np.concatenate([window.reward for window in paid.windows])


def raw(parts: list[Trajectory]) -> tuple[Any, Any, Any]:
    """The game's reward and both channels of the plugin, over all rows."""
    match, tick, agent, game = (
        np.concatenate([getattr(one, name) for one in parts]) for name in ("match", "tick", "agent", "reward")
    )
    at = np.sin(match * 12.9 + tick * 78.2 + agent * 37.7)
    return game, at, 1 + 4 * np.cos(50 * at)


@pytest.mark.parametrize(
    ("by", "parts", "result"),
    [
        ("geometric", [4.0, 9.0], 6.0),
        ("geometric", [0.5, 0.5, 0.5], 0.5),
        ("geometric", [-4.0, 9.0], -6.0),
        ("geometric", [-4.0, -9.0], -6.0),  # two wrongs make no right
        ("geometric", [-4.0, 0.0], 0.0),
        ("product", [-4.0, -9.0], 36.0),
        ("sum", [-4.0, 9.0, 1.0], 6.0),
        ("min", [-4.0, 9.0, 1.0], -4.0),
        ("cautious", [1.0, 3.0], 1.0),  # mean 2, variance 1
    ],
)
def test_known_values(by: str, parts: list[float], result: float) -> None:
    assert combined(by, [np.array([part]) for part in parts])[0] == pytest.approx(result, abs=1e-12)


@given(PARTS, st.floats(0.1, 10))
def test_kinesthetic_combination_is_positive_only_if_all_are_and_has_the_size_of_a_part(
    parts: list[float], factor: float
) -> None:
    def krc(numbers: list[float]) -> float:
        return float(combined("geometric", [np.array([one]) for one in numbers])[0])

    found = krc(parts)
    assert (found > 0) == all(part > 0 for part in parts) or min(map(abs, parts)) < 1e-200
    assert abs(found) <= max(map(abs, parts)) * (1 + 1e-9) + 1e-12
    assert abs(found) >= min(map(abs, parts)) * (1 - 1e-9) - 1e-12
    assert found == pytest.approx(krc(parts[::-1]), rel=1e-9)
    assert krc([factor * part for part in parts]) == pytest.approx(factor * found, rel=1e-6, abs=1e-9)
    better = [abs(part) + 1e-3 for part in parts]
    assert krc([better[0] * 2, *better[1:]]) > krc(better)


def test_parts_of_a_combination_count_through_it_alone_unless_they_have_a_weight() -> None:
    (parts,) = windows()
    game, a, b = raw(parts)
    noise = {"noise": "pays/noise"}
    both = {"both": {"by": "product", "of": ["noise:a", "noise:b"]}}
    np.testing.assert_allclose(of(rewards(channels=noise, combine=both)(parts)), game + a * b)
    weighed = rewards(channels=noise, combine=both, weights={"both": 0.5, "noise:b": 2.0, "game": 0.0})(parts)
    np.testing.assert_allclose(of(weighed), 0.5 * a * b + 2 * b)
    assert weighed.stats["reward.both"] == pytest.approx((a * b).mean())
    assert weighed.stats["reward.noise:a"] == pytest.approx(a.mean())
    nested = {
        "worst": {"by": "min", "of": {"deep": 1.0, "game": 3.0}},  # below what it is made of, and above it
        "deep": {"by": "sum", "of": {"noise:a": 2.0, "both": -1.0}},
        **both,
    }
    np.testing.assert_allclose(
        of(rewards(channels=noise, combine=nested)(parts)), np.minimum(2 * a - a * b, 3 * game), atol=1e-12
    )


def test_what_every_term_adds_is_told_and_shares_of_the_variance_add_up_to_one() -> None:
    (parts,) = windows()
    game, a, b = raw(parts)
    stats = rewards(channels={"noise": "pays/noise"}, weights={"noise:a": -2.0, "noise:b": 0.5})(parts).stats
    assert stats["reward.noise:a.paid"] == pytest.approx(-2 * a.mean())
    total = game - 2 * a + b / 2
    assert stats["reward.noise:b.share"] == pytest.approx(np.cov(b / 2, total, ddof=0)[0, 1] / total.var())
    shares = [value for name, value in stats.items() if name.endswith(".share")]
    assert len(shares) == 3 and sum(shares) == pytest.approx(1.0)


def test_weights_follow_a_schedule_over_the_horizon() -> None:
    block = config(channels={"n": "pays/agent"}, weights={"n": {"start": 1, "end": 0, "until": 0.5}, "game": 0})
    hyper = Hyper(reward=block)
    assert [hyper.coefficients(at)["reward.n.weight"] for at in (0, 0.25, 0.5, 1)] == [1, 0.5, 0, 0]
    assert hyper.scheduled == ["reward.n.weight"] and not Hyper().scheduled
    (parts,) = windows()
    agent = np.concatenate([one.agent for one in parts]) + 1.0
    paid = Rewards(block, SPEC, 0.9)
    np.testing.assert_allclose(of(paid(parts, hyper.coefficients(0.25))), 0.5 * agent)
    np.testing.assert_allclose(of(paid(parts)), agent)


def test_channels_are_normalised_by_what_they_paid_and_go_on_to_the_bit() -> None:
    first, second, third = windows(200, 3)
    block = {"channels": {"noise": "pays/noise"}, "weights": {"game": 0}, "normalise": ["noise"]}
    one = rewards(**block)
    paid = one(first)
    assert not of(paid).any() and paid.stats["reward.noise:b"] != 0  # nothing is known of its size yet
    told = one.fit(paid.samples, 1)
    (_, a, b), (_, c, d) = raw(first), raw(second)
    assert told["reward.noise:b.deviation"] == pytest.approx(b.std())
    np.testing.assert_allclose(of(one(second)), c / a.std() + d / b.std())
    one.fit(one(second).samples, 2)
    saved = one.keep(Checkpoint({}, {}))
    other = rewards(**block)
    other.resume(saved)
    assert np.array_equal(of(other(third)), of(one(third)))
    _, e, f = raw(third)
    np.testing.assert_allclose(of(one(third)), e / np.append(a, c).std() + f / np.append(b, d).std())
    one.reset(0)
    assert not of(one(third)).any()


def test_channels_are_clipped_after_they_are_normalised() -> None:
    (parts,) = windows()
    game, a, b = raw(parts)
    block = {"channels": {"noise": "pays/noise"}, "clip": {"noise": [-0.5, 2], "game": [0, 1]}}
    np.testing.assert_allclose(
        of(rewards(**block)(parts)), game.clip(0, 1) + a.clip(-0.5, 2) + b.clip(-0.5, 2), atol=1e-12
    )
    one = rewards(**block, normalise=["noise:b"])
    one.fit(one(parts).samples, 0)
    clipped = game.clip(0, 1) + a.clip(-0.5, 2) + (b / b.std()).clip(-0.5, 2)
    np.testing.assert_allclose(of(one(parts)), clipped, atol=1e-12)


@settings(max_examples=8, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(30, 200), st.booleans())
def test_what_sides_are_paid_sums_up_to_nothing(first: float, second: float, rows: int, clip: bool) -> None:
    """At every tick, over whatever part of it an update has, beside the game's own."""
    more = {"clip": {"game": [-0.1, 0.05]}} if clip else {}
    weights = {"noise:a": first, "noise:b": second}
    paid = rewards(channels={"noise": "pays/noise"}, weights=weights, zero_sum=True, **more)
    plain = rewards(channels={"noise": "pays/noise"}, weights=weights, **more)
    for parts in windows(rows, 2):
        balanced = paid(parts)
        match, tick, agent = (
            np.concatenate([getattr(one, key) for one in parts]) for key in ("match", "tick", "agent")
        )
        shaping = of(balanced) - (0 if clip else raw(parts)[0])
        _, at = np.unique(match * 100 + tick, return_inverse=True)
        np.testing.assert_allclose(np.bincount(at, shaping), 0, atol=1e-9)
        sides = np.zeros((at.max() + 1, 2))
        np.add.at(sides, (at, SPEC.side_of[agent]), 1)
        whole = (sides > 0).all(axis=1)[at]
        assert balanced.stats["reward.total.balanced"] == pytest.approx(whole.mean()) and whole.mean() > 0.5
        if first and not clip:  # agents of a side still differ by what they were paid for
            alike = (of(plain(parts)) - of(balanced))[whole]
            _, side = np.unique(at[whole] * 2 + SPEC.side_of[agent[whole]], return_inverse=True)
            for number in range(5):
                assert np.ptp(alike[side == number]) < 1e-9


@pytest.mark.parametrize("more", [{}, {"clip": {"game": [-0.1, 0.2]}}, {"zero_sum": True}, {"weights": {"game": 0.5}}])
def test_whole_matches_pay_sides_by_tick_what_their_agents_are_paid(more: Any) -> None:
    sampler = Sampler(skirmish(8), [Random(SPEC)], Mixtures(np.ones((2, 1)), 3), [0], record=Record(whole=True))
    both = {"both": {"by": "geometric", "of": ["noise:a", "noise:b"]}}
    paid = rewards(channels={"noise": "pays/noise"}, combine=both, **more)(list(sampler.collect(200)))
    ticks = paid.windows[0].ticks
    earned = np.zeros_like(ticks.earned)
    for rows in paid.windows:
        np.add.at(earned, (ticks.find(rows.match, rows.tick), SPEC.side_of[rows.agent]), rows.reward)
    np.testing.assert_allclose(ticks.earned, earned, atol=1e-9)
    assert earned.any() and ("zero_sum" not in more or paid.stats["reward.total.balanced"] == 1.0)


def test_there_must_be_somebody_to_balance_with() -> None:
    channels = {"n": "pays/agent"}
    with pytest.raises(UserError, match="sides of this game act in turns"):
        rewards(KUHN, channels=channels, zero_sum=True)
    (alone,) = windows(learners=(0, 1))
    with pytest.raises(UserError, match="it is for self-play, where one learner plays all sides"):
        rewards(channels=channels, zero_sum=True)(alone)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ({"combine": {"x": {"by": "sum", "of": ["n"]}}}, "reward.combine.x.of: a combination is of two different"),
        ({"combine": {"x": {"by": "mean", "of": ["n", "game"]}}}, "is text, but one of 'sum', 'product', 'geometric'"),
        ({"combine": {"x": {"by": "sum", "of": ["n", "gam"]}}}, "no channel 'gam'; did you mean 'game'?"),
        ({"combine": {"n": {"by": "sum", "of": ["n", "game"]}}}, "there is a channel 'n' already"),
        ({"combine": {"x": {"by": "sum", "of": ["n", "y"]}, "y": {"by": "min", "of": ["x", "n"]}}}, "in a circle"),
        ({"clip": {"n": [1, 0]}}, "clip: n needs [low, high], the lower one first, not [1.0, 0.0]"),
        ({"clip": {"n": 3}}, "reward.clip.n: 3 is an integer, but a list"),
        ({"normalise": ["m"]}, "there is no channel 'm'"),
        ({"weights": {"n": {"start": 1, "end": 0, "until": 2}}}, "until must be above 0 and at most 1"),
        ({"weights": {"n": {"start": 1}}}, "reward.weights.n.end: reward.weights.n needs it, and it is missing"),
        ({"weights": {"n": "much"}}, "'much' is text, but a number or a mapping with the keys start, end, until"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(block: Any, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        config(channels={"n": "pays/agent"}, **block)
    assert sentence in str(told.value)


def test_names_of_several_channels_and_names_that_are_taken_are_told() -> None:
    with pytest.raises(UserError, match="'noise' is several channels: name one of noise:a, noise:b"):
        rewards(channels={"noise": "pays/noise"}, combine={"x": {"by": "sum", "of": ["noise", "game"]}})
    with pytest.raises(UserError, match=r"reward.clip: there is no channel 'noise:c'; did you mean"):
        rewards(channels={"noise": "pays/noise"}, clip={"noise:c": [0, 1]})
    (parts,) = windows()
    rude = rewards(channels={"rude": Component("pays/rude")})
    with pytest.raises(RunError, match=r"gave \['paid'\] from fit"):
        rude.fit(rude(parts).samples, 0)


def test_the_classes_are_what_the_block_says() -> None:
    assert config(weights={"game": {"start": 1, "end": 2}}).weights["game"] == Schedule(start=1.0, end=2.0)
    made = config(channels={"n": "pays/agent"}, combine={"x": {"by": "min", "of": {"n": 2, "game": 1}}})
    assert made.combine["x"] == Combination(by="min", of={"n": 2.0, "game": 1.0})
    assert made.combine["x"].factors == {"n": 2.0, "game": 1.0}
