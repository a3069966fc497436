"""Softmax distributions: known values, masks, and agreement of the numpy side with the torch side."""

import math

import numpy as np
import pytest
import torch

from marl import rng, space
from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl.training.networks import distribution
from marl.training.networks.distributions.greedy import Greedy

FEW, MANY = 5, 400  # choices: by column and by row


def _logits(rows, width, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32) * 2


def _mask(rows, width, seed=1):
    mask = np.random.default_rng(seed).random((rows, width)) < 0.6
    mask[:, 0] = True
    return mask


def test_equal_logits_have_the_entropy_of_a_die():
    die = distribution(Discrete(6))
    assert die.entropy(torch.zeros(1, 6)).item() == pytest.approx(math.log(6))
    assert die.logp(torch.zeros(1, 6), torch.tensor([3])).item() == pytest.approx(-math.log(6))


def test_divergence_of_known_coins():
    coin = distribution(Discrete(2))
    p, q = torch.log(torch.tensor([[0.5, 0.5]])), torch.log(torch.tensor([[0.9, 0.1]]))
    assert coin.kl(p, q).item() == pytest.approx(0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1), rel=1e-6)
    assert coin.kl(q, q).item() == 0


def test_what_is_illegal_has_no_probability_and_no_entropy():
    choice, mask = distribution(Discrete(3)), torch.tensor([[True, False, False], [True, True, False]])
    logits = torch.tensor([[0.0, 50.0, 1.0], [1.0, 1.0, 99.0]])
    np.testing.assert_allclose(choice.entropy(logits, mask), [0, math.log(2)], atol=1e-6)
    np.testing.assert_array_equal(choice.probabilities(logits.numpy(), mask.numpy()), [[1, 0, 0], [0.5, 0.5, 0]])
    assert choice.kl(logits, torch.zeros(2, 3), mask).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_gradients_are_finite_where_much_is_illegal():
    choice, logits = distribution(Discrete(3)), torch.tensor([[0.0, 1e4, -1e4]], requires_grad=True)
    mask = torch.tensor([[True, False, True]])
    (choice.entropy(logits, mask) + choice.logp(logits, torch.tensor([0]), mask)).sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 1] == 0


@pytest.mark.parametrize("width", [FEW, MANY])
def test_probabilities_are_exact_and_sum_to_one(width):
    logits, mask = _logits(100, width), _mask(100, width)
    table = distribution(Discrete(width)).probabilities(logits, mask)
    assert table.dtype == np.float64
    assert (table[~mask] == 0).all()
    assert (table[mask] > 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize("width", [FEW, MANY])
def test_samples_are_as_frequent_as_their_probabilities(width):
    choice, count = distribution(Discrete(width)), 40_000
    logits, mask = _logits(1, width), _mask(1, width)
    action, _ = choice.sample(logits.repeat(count, 0), mask.repeat(count, 0), rng.mix(5, np.arange(count)))
    seen = np.bincount(action, minlength=width)
    expected = choice.probabilities(logits, mask)[0] * count
    assert (seen[~mask[0]] == 0).all()
    assert (np.abs(seen - expected) <= 5 * np.sqrt(expected + 1)).all()


@pytest.mark.parametrize("space_", [Discrete(FEW), Discrete(MANY), MultiDiscrete((3, 2, 4))])
def test_both_sides_state_the_same_log_probability(space_):
    choice = distribution(space_)
    logits, mask = _logits(300, choice.outputs), _mask(300, choice.outputs)
    if isinstance(space_, MultiDiscrete):
        mask[:, [0, 3, 5]] = True
    action, logp = choice.sample(logits, mask, rng.mix(2, np.arange(300)))
    assert logp.dtype == np.float64
    assert space.legal(space_, action, mask).all()
    again = choice.logp(torch.from_numpy(logits), torch.from_numpy(action), torch.from_numpy(mask))
    np.testing.assert_allclose(logp, again, rtol=1e-5, atol=1e-5)


def test_a_row_is_answered_alone_as_in_company():
    choice, logits, mask, keys = (
        distribution(Discrete(FEW)),
        _logits(200, FEW),
        _mask(200, FEW),
        rng.mix(np.arange(200)),
    )
    together, _ = choice.sample(logits, mask, keys)
    alone = [choice.sample(logits[i : i + 1], mask[i : i + 1], keys[i : i + 1])[0][0] for i in range(200)]
    np.testing.assert_array_equal(together, alone)


def test_several_choices_are_as_many_single_ones():
    both, first, second = (distribution(s) for s in (MultiDiscrete((3, 2)), Discrete(3), Discrete(2)))
    p, q, action = torch.randn(9, 5), torch.randn(9, 5), torch.stack([torch.arange(9) % 3, torch.arange(9) % 2], 1)
    logp = first.logp(p[:, :3], action[:, 0]) + second.logp(p[:, 3:], action[:, 1])
    torch.testing.assert_close(both.logp(p, action), logp)
    torch.testing.assert_close(both.entropy(p), first.entropy(p[:, :3]) + second.entropy(p[:, 3:]))
    torch.testing.assert_close(both.kl(p, q), first.kl(p[:, :3], q[:, :3]) + second.kl(p[:, 3:], q[:, 3:]))


def test_choices_of_one_row_are_independent():
    logits = np.zeros((40_000, 4), dtype=np.float32)
    action, _ = distribution(MultiDiscrete((2, 2))).sample(logits, None, rng.mix(np.arange(40_000)))
    joint = np.bincount(action[:, 0] * 2 + action[:, 1], minlength=4) / 40_000
    np.testing.assert_allclose(joint, 0.25, atol=0.015)


def test_spaces_without_a_distribution_are_refused():
    with pytest.raises(UserError, match="Discrete, MultiDiscrete and real Box"):
        distribution(Box((2,), 0, 5, "int64"))
    with pytest.raises(UserError, match="real Box"):
        distribution(Tree({"a": Discrete(2)}))
    with pytest.raises(UserError, match="only Discrete"):
        distribution(MultiDiscrete((2, 2))).probabilities(np.zeros((1, 4)), None)


@pytest.mark.parametrize("action", [Discrete(4), MultiDiscrete((3, 2))])
def test_greedy_play_is_the_most_probable_legal_action(action):
    plain = distribution(action)
    logits, mask = _logits(50, plain.outputs), _mask(50, plain.outputs)
    mask[:, -1] = True  # every choice has something legal
    mode, logp = Greedy(plain).sample(logits, mask, rng.mix(1, np.arange(50)))
    assert (logp == 0).all() and space.contains(action, mode).all()
    best = plain.logp(torch.from_numpy(logits), torch.from_numpy(mode), torch.from_numpy(mask))
    for seed in range(20):
        other, _ = plain.sample(logits, mask, rng.mix(seed, np.arange(50)))
        drawn = plain.logp(torch.from_numpy(logits), torch.from_numpy(other), torch.from_numpy(mask))
        assert (drawn <= best + 1e-6).all()
    if isinstance(action, Discrete):
        np.testing.assert_array_equal(Greedy(plain).probabilities(logits, mask), np.eye(4)[mode])
