"""Real actions: the density of what the environment gets, clipped at the bounds of its box."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from marl import rng
from marl.space import Box, contains
from marl.training.networks import distribution

BOXES = [Box((3,)), Box((3,), -0.1, 0.3), Box((3,), 0.0), Box((3,), -np.inf, 2.0), Box((2, 2), -2, 2, "float64")]


def _inputs(rows, size, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, 2 * size)).astype(np.float32))


def test_without_bounds_it_is_the_normal_density():
    inputs, action = _inputs(20, 3), torch.randn(20, 3)
    normal = Normal(inputs[:, :3], inputs[:, 3:].exp())
    torch.testing.assert_close(distribution(BOXES[0]).logp(inputs, action), normal.log_prob(action).sum(1))
    torch.testing.assert_close(distribution(BOXES[0]).entropy(inputs), normal.entropy().sum(1))


def test_the_greatest_float_is_no_bound_and_a_box_of_one_value_leaves_nothing_to_chance():
    most = float(np.finfo(np.float32).max)
    inputs, keys = _inputs(50, 3), rng.mix(3, np.arange(50))
    huge, free = distribution(Box((3,), -most, most)), distribution(Box((3,)))
    action, logp = huge.sample(inputs.numpy(), None, keys)
    np.testing.assert_array_equal(action, free.sample(inputs.numpy(), None, keys)[0])
    torch.testing.assert_close(huge.logp(inputs, torch.from_numpy(action)), free.logp(inputs, torch.from_numpy(action)))
    fixed = distribution(Box((3,), 2, 2))
    action, logp = fixed.sample(inputs.numpy(), None, keys)
    assert (action == 2).all() and not logp.any() and (fixed.mode(inputs.numpy(), None) == 2).all()
    for told in (fixed.logp(inputs, torch.from_numpy(action)), fixed.entropy(inputs), fixed.kl(inputs, inputs + 1)):
        assert not told.any()


def test_divergence_is_that_of_normals():
    p, q = _inputs(20, 3), _inputs(20, 3, 1)
    normals = (Normal(x[:, :3], x[:, 3:].exp()) for x in (p, q))
    torch.testing.assert_close(distribution(BOXES[1]).kl(p, q), kl_divergence(*normals).sum(1))


def test_inputs_are_in_units_of_the_box():
    pedal = distribution(Box((1,), 10, 30))
    action, _ = pedal.sample(np.array([[0.5, -20.0]], dtype=np.float32), None, rng.mix([1]))
    assert action[0, 0] == pytest.approx(25, abs=1e-4)


@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.9, 2.0])
def test_density_inside_and_mass_at_the_bounds_sum_to_one(mean):
    box = distribution(Box((1,), -0.5, 1.5))
    inside = torch.linspace(-0.5, 1.5, 20_003, dtype=torch.float64)[1:-1, None]
    inputs = torch.tensor([[mean, -0.3]], dtype=torch.float64)
    density = box.logp(inputs.expand(len(inside), 2), inside).exp()
    edges = box.logp(inputs.expand(2, 2), torch.tensor([[-0.5], [1.5]], dtype=torch.float64)).exp()
    assert (density.sum() * 2 / 20_002 + edges.sum()).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("box", BOXES)
def test_samples_lie_in_the_box_and_both_sides_agree_on_them(box):
    gaussian = distribution(box)
    inputs, count = _inputs(500, gaussian.outputs), 500
    action, logp = gaussian.sample(inputs.numpy(), None, rng.mix(3, np.arange(count)))
    assert contains(box, action).all()
    np.testing.assert_allclose(logp, gaussian.logp(inputs, torch.from_numpy(action)), rtol=1e-4, atol=1e-4)
    if np.isfinite(box.low):
        assert (action == np.asarray(box.low, dtype=box.dtype)).any()


def test_the_score_has_mean_zero_over_clipped_samples():
    """What makes the policy gradient unbiased; the density of unclipped actions would fail this at the bounds."""
    gaussian, count = distribution(Box((1,), -1, 1)), 200_000
    inputs = torch.tensor([[0.8, -0.2]]).repeat(count, 1).requires_grad_()
    action, _ = gaussian.sample(inputs.detach().numpy(), None, rng.mix(4, np.arange(count)))
    gaussian.logp(inputs, torch.from_numpy(action)).sum().backward()
    score = inputs.grad.numpy()
    assert (np.abs(score.mean(0)) < 4 * score.std(0) / np.sqrt(count)).all()


def test_gradients_are_finite_far_beyond_the_bounds():
    inputs = torch.tensor([[40.0, -3.0], [-40.0, -3.0]], requires_grad=True)
    distribution(Box((1,), -1, 1)).logp(inputs, torch.tensor([[-1.0], [-1.0]])).sum().backward()
    assert torch.isfinite(inputs.grad).all()


@pytest.mark.parametrize("box", BOXES)
def test_the_mode_is_the_mean_within_the_bounds(box):
    gaussian = distribution(box)
    inputs = _inputs(20, gaussian.size).numpy()
    mode = gaussian.mode(inputs, None)
    assert contains(box, mode).all()
    narrow = np.concatenate([inputs[:, : gaussian.size], np.full((20, gaussian.size), -20, np.float32)], axis=1)
    np.testing.assert_allclose(mode, gaussian.sample(narrow, None, rng.mix(1, np.arange(20)))[0], atol=1e-6)
