"""Features of the mean field, rules and neighbours against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ive

from marl.space import Box
from marl_swarm.features import Features
from marl_swarm.neighbours import mean_around, near
from marl_swarm.rule import Rule, RuleParams

POINTS = np.random.default_rng(5).random((2, 40, 3))


@pytest.mark.parametrize("width", [0.4, 0.8, 2.0])
def test_kernel_features_of_uniform_points_are_a_bessel_function(width: float) -> None:
    line = (np.arange(4096) + 0.5) / 4096
    known = ive(0, 1 / width**2)  # exp(-x) I_0(x)
    np.testing.assert_allclose(Features("kernel", (5,), width)(line[:, None]), known, rtol=1e-4)
    side = (np.arange(32) + 0.5) / 32
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(Features("kernel", (2, 3), width)(plane), known**2, rtol=1e-4)


def test_kernels_are_gaussians_of_chords_and_know_no_border() -> None:
    features = Features("kernel", (4,), 0.5)
    first, second = features(np.array([[[0.125]], [[0.999]]])), features(np.array([[[0.125]], [[-0.001]]]))
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert first[0, 0, 0] if first.ndim == 3 else first[0, 0] == 1.0
    chord = 2 * np.sin(np.pi * 0.25)  # a quarter of the circle to the next centre
    assert first[0, 1] == pytest.approx(np.exp(-(chord**2) / (2 * 0.5**2)), rel=1e-5)


def test_a_histogram_counts_each_point_once() -> None:
    features = Features("histogram", (2, 2, 3), 1.0)
    shares = features(POINTS)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
    cells = (POINTS[0] * [2, 2, 3]).astype(int)
    assert shares[0, 7] == pytest.approx(((cells == [1, 0, 1]).all(axis=1)).mean())  # 1 * 6 + 0 * 3 + 1


@pytest.mark.parametrize("kind", ["kernel", "histogram"])
def test_features_do_not_know_who_is_who_nor_how_many(kind: str) -> None:
    features = Features(kind, (2, 2, 3), 0.7)  # type: ignore[arg-type]
    np.testing.assert_allclose(features(POINTS), features(POINTS[:, ::-1]), atol=1e-6)
    np.testing.assert_allclose(features(POINTS), features(np.repeat(POINTS, 3, axis=1)), atol=1e-6)


def test_who_is_near_is_seen_across_the_border() -> None:
    place = np.array([[[0.02, 0.5], [0.97, 0.5], [0.5, 0.5]]])
    known = near(place, 0.1)
    assert known is not None
    np.testing.assert_array_equal(known[0], [[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    values = np.array([[[1.0], [3.0], [7.0]]])
    assert mean_around(known, values)[0, :, 0].tolist() == [2.0, 2.0, 7.0]
    assert mean_around(known, values, alone=False)[0, :, 0].tolist() == [3.0, 1.0, 0.0]
    assert near(place, 0.71) is None
    assert mean_around(None, values, alone=False)[0, :, 0].tolist() == [5.0, 4.0, 2.0]


@pytest.mark.parametrize("kind", ["kernel", "histogram"])
def test_a_rule_is_what_its_nearest_centre_says_where_reach_is_small(kind: str) -> None:
    rule = Rule(Box((2,), -1.0, 1.0), 3, RuleParams(rule=kind, centres=3, reach=0.05, sharpness=3.0))  # type: ignore[arg-type]
    table = np.zeros((9, 3))
    table[5, 2] = 1.0  # the centre at (0, 1): the last action
    seen = np.array([[0.1, 0.9], [-0.9, 0.9]], np.float32)
    shares = rule.probabilities(np.repeat(table.reshape(1, -1), 2, axis=0), seen)
    np.testing.assert_allclose(shares[0], np.exp([0, 0, 3]) / np.exp([0, 0, 3]).sum(), rtol=1e-6)
    np.testing.assert_allclose(shares[1], 1 / 3, rtol=1e-6)
    mask = np.array([[True, False, True], [False, True, False]])
    known = rule.probabilities(np.repeat(table.reshape(1, -1), 2, axis=0), seen, mask)
    np.testing.assert_allclose(known, [[1 / (1 + np.exp(3)), 0, 1 / (1 + np.exp(-3))], [0, 1, 0]], rtol=1e-6)


def test_a_kernel_rule_is_smooth_and_a_histogram_is_not() -> None:
    table = np.random.default_rng(1).normal(size=(1, 27))
    line = np.stack([np.linspace(-1, 1, 2001), np.full(2001, 0.3)], axis=1)
    jumps = {}
    for kind in ("kernel", "histogram"):
        rule = Rule(Box((2,), -1.0, 1.0), 3, RuleParams(rule=kind, centres=3))  # type: ignore[arg-type]
        jumps[kind] = np.abs(np.diff(rule.probabilities(np.repeat(table, 2001, axis=0), line), axis=0)).max()
        np.testing.assert_allclose(rule.weights(line).sum(axis=1), 1.0)
    assert jumps["kernel"] < 0.01 < 0.1 < jumps["histogram"]
