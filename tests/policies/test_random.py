"""The random policy: legal, uniform and honest about its probabilities in every action space."""

from __future__ import annotations

import numpy as np
import pytest

from marl import rng
from marl.env import EnvSpec, Group, Rows
from marl.policies.random import Random
from marl.space import Box, Discrete, MultiDiscrete, legal

K = 4000


def policy_and_rows(space, mask):
    spec = EnvSpec(("a",), (Group("g", (0,), Box((1,)), space),), ((0,),), "turns", 10)
    zeros = np.zeros(K, dtype=np.int64)
    return Random(spec), Rows(zeros, zeros, np.zeros((K, 1), np.float32), mask, np.ones(K, dtype=np.bool_))


def test_masked_choices_are_legal_and_equally_likely():
    space, mask = Discrete(4), np.tile([True, False, True, True], (K, 1))
    policy, rows = policy_and_rows(space, mask)
    acts = policy.act(rows, None, rng.mix(1, np.arange(K)))
    counts = np.bincount(acts.action, minlength=4)
    assert counts[1] == 0
    assert np.abs(counts[[0, 2, 3]] / K - 1 / 3).max() < 0.03
    assert np.allclose(acts.logp, -np.log(3))
    assert np.allclose(np.log(policy.probabilities(rows)[0, [0, 2, 3]]), -np.log(3))


@pytest.mark.parametrize(
    ("space", "mask", "logp"),
    [
        (Discrete(5), None, -np.log(5)),
        (MultiDiscrete((2, 3)), None, -np.log(6)),
        (MultiDiscrete((2, 3)), np.tile([True, False, True, True, False], (K, 1)), -np.log(2)),
        (Box((2,), -1.0, 3.0), None, -np.log(16)),
    ],
)
def test_every_space(space, mask, logp):
    policy, rows = policy_and_rows(space, mask)
    acts = policy.act(rows, None, rng.mix(2, np.arange(K)))
    assert legal(space, acts.action, mask).all()
    assert np.allclose(acts.logp, logp)


def test_boxes_without_bounds_are_normal_with_their_density():
    policy, rows = policy_and_rows(Box((3,)), None)
    acts = policy.act(rows, None, rng.mix(3, np.arange(K)))
    assert np.abs(acts.action.std() - 1) < 0.03
    entropy = 1.5 * np.log(2 * np.pi * np.e)
    assert abs(-acts.logp.mean() - entropy) < 0.1


def test_an_action_follows_from_its_key_alone():
    policy, rows = policy_and_rows(Discrete(50), None)
    keys = rng.mix(4, np.arange(K))
    backwards = policy.act(rows, None, keys[::-1]).action[::-1]
    assert (policy.act(rows, None, keys).action == backwards).all()
