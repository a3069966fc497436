"""Normalisation: the statistics are those of all rows, whatever the batches, and they are where the weights are."""

import numpy as np
import pytest
import torch

from marl import rng
from marl.env import EnvSpec, Group, Rows
from marl.snapshot import Snapshot
from marl.space import Box, Discrete, Tree
from marl.training.networks import ModelConfig, NetworkPolicy, networks, restore
from marl.training.networks.moments import Moments, Seen, together
from marl.training.networks.network import Network

PARTS = Tree({"a": Box((2,)), "b": Discrete(3), "c": Box((2,), 0, 255, "uint8"), "d": Box((), dtype="float64")})
SPEC = EnvSpec(("ann",), (Group("one", (0,), PARTS, Discrete(3)),), ((0,),), "turns", 6)
BOTH = {"normalise_observations": True, "normalise_returns": True}


def shown(rows, seed=0, scale=1000.0):
    drawn = np.random.default_rng(seed)
    return {
        "a": (5 * scale + scale * drawn.normal(size=(rows, 2))).astype(np.float32),
        "b": drawn.integers(0, 3, rows),
        "c": drawn.integers(0, 256, (rows, 2)).astype(np.uint8),
        "d": drawn.normal(size=rows) / scale,
    }


def tensors(observation):
    return {name: torch.from_numpy(leaf) for name, leaf in observation.items()}


def test_moments_of_batches_are_those_of_all_rows_together():
    rows = 1e4 + np.random.default_rng(1).normal(size=(999, 3)) * [1, 1e-3, 1e3]
    parts = [Moments.of(part) for part in np.split(rows, [1, 7, 400])]
    merged = parts[0].merged(parts[1]).merged(parts[2]).merged(parts[3])
    np.testing.assert_allclose(merged.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(merged.squares / merged.count, rows.var(axis=0), rtol=1e-9)
    seen = together([{"x": Seen(parts[0])}, {"x": Seen(parts[1]), "y": Seen(None, parts[2])}])
    assert seen["x"].observation.mean.tolist() == parts[0].merged(parts[1]).mean.tolist() and seen["x"].returns is None
    assert seen["y"].returns is parts[2]


def test_numbers_are_normalised_and_choices_and_bytes_are_not():
    network, observation = Network(PARTS, Discrete(3), ModelConfig(**BOTH)), shown(500)
    plain = network.encoder.columns(tensors(observation))
    before = network.encoder.inputs(network.shown(tensors(observation)))
    assert torch.equal(before, plain.clamp(-10, 10))  # nothing was seen yet
    assert network.fresh
    for start in (0, 100):
        rows = {name: leaf[start : start + 100 + 3 * start] for name, leaf in observation.items()}
        network.absorb(Seen(Moments.of(network.numbers(rows)), Moments.of(np.array([[-7.0], [7.0]]))))
    seen = network.encoder.inputs(network.shown(tensors(observation)))
    assert seen.shape == (500, 2 + 3 + 2 + 1) and not network.fresh
    numbers = seen[:, [0, 1, 7]]
    np.testing.assert_allclose(numbers.mean(0), 0, atol=1e-2)  # of floats of 5,000 or so
    np.testing.assert_allclose(numbers.std(0, correction=0), 1, atol=1e-2)
    assert torch.equal(seen[:, 2:7], plain[:, 2:7])
    assert network.value_scale == pytest.approx(7)
    far = {name: torch.from_numpy(leaf + (10**6 if name == "a" else 0)) for name, leaf in observation.items()}
    assert (network.encoder.inputs(network.shown(far))[:, :2] == 10).all()


@pytest.mark.parametrize("model", [{}, {"separate_value": True}, {"kind": "gru"}], ids=["mlp", "separate", "gru"])
def test_snapshots_carry_the_statistics_and_play_as_the_live_policy_does(model):
    config = ModelConfig(**model, **BOTH, hidden=[16])
    live = NetworkPolicy(SPEC, networks(SPEC, config))
    live.networks["one"].absorb(
        Seen(Moments.of(live.networks["one"].numbers(shown(99))), Moments.of(np.ones((3, 1)) * 3))
    )
    live.networks["one"].absorb(Seen(None, Moments.of(np.array([[-50.0]]))))
    saved = live.snapshot()
    assert saved.arrays["one/normaliser.mean"].dtype == np.float32
    assert len([name for name in saved.arrays if name.endswith("mean")]) == 2  # once each, however many encoders
    frozen = restore(SPEC, Snapshot(saved.policy, saved.arrays, saved.meta))
    zeros = np.zeros(20, dtype=np.int64)
    rows = Rows(zeros, zeros, shown(20, 4), None, zeros == 0)
    for _ in range(2):  # and playing changes nothing
        mine, theirs = (policy.act(rows, policy.memory(20), rng.mix(1, np.arange(20))) for policy in (live, frozen))
        assert np.array_equal(mine.logp, theirs.logp) and np.array_equal(mine.value, theirs.value)
        assert frozen.snapshot().id == saved.id
    assert abs(mine.value).max() > 1


def test_stacked_policies_normalise_each_by_its_own_statistics():
    policies = []
    for number in range(5):
        network = networks(SPEC, ModelConfig(**BOTH, hidden=[16]), seed=number)["one"].requires_grad_(False)
        numbers = network.numbers(shown(60, number, 10.0**number))
        network.absorb(Seen(Moments.of(numbers), Moments.of(10.0**number * np.array([[1.0], [-1.0]]))))
        policies.append(NetworkPolicy(SPEC, {"one": network}))
    assert len({policy.build() for policy in policies}) == 1 and policies[0].build() is not None
    which = np.repeat(np.arange(5), 8)
    zeros = np.zeros(40, dtype=np.int64)
    rows, keys = Rows(zeros, zeros, shown(40, 9, 30.0), None, zeros == 0), rng.mix(1, np.arange(40))
    together = policies[0].stack(policies).act(rows, which, keys)
    apart = [policies[m].act(rows.take(which == m), None, keys[which == m]) for m in range(5)]
    np.testing.assert_allclose(together.logp, np.concatenate([acts.logp for acts in apart]), atol=1e-4)
    np.testing.assert_allclose(together.value, np.concatenate([acts.value for acts in apart]), rtol=1e-3, atol=1e-3)


def test_images_stay_as_they_are_and_so_does_what_has_no_numbers():
    config = ModelConfig(kind="cnn", channels=[4], kernels=[3], strides=[1], normalise_observations=True)
    network = Network(Tree({"view": Box((1, 4, 4)), "speed": Box((1,))}), Discrete(2), config)
    assert network.normaliser is not None and len(network.normaliser.mean) == 1
    assert Network(Box((1, 4, 4)), Discrete(2), config).normaliser is None
    assert Network(Discrete(9), Discrete(2), ModelConfig(**BOTH)).normaliser is None
