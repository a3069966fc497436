"""Spaces: what belongs to them, what is legal, what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from marl import rng, space, tree
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree

FLOATS = st.floats(-1e6, 1e6, width=32)
SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)
NVEC = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
CHOICES = st.one_of(st.integers(1, 9).map(Discrete), NVEC.map(MultiDiscrete))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    low, high = sorted([draw(FLOATS), draw(FLOATS)])
    match draw(st.sampled_from(["bounded", "low", "high", "unbounded", "integers"])):
        case "bounded":
            return Box(draw(SHAPES), low, high)
        case "low":
            return Box(draw(SHAPES), low)
        case "high":
            return Box(draw(SHAPES), high=high, dtype="float64")
        case "integers":
            return Box(draw(SHAPES), 0, draw(st.integers(0, 255)), "uint8")
        case _:
            return Box(draw(SHAPES))


FLAT = st.one_of(CHOICES, boxes())
SPACES = st.recursive(
    FLAT, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(Tree), max_leaves=5
)


@given(SPACES, st.integers(1, 6), st.integers(0, 2**64 - 1))
def test_samples_belong_to_their_space(described: Space, k: int, seed: int) -> None:
    drawn = space.sample(described, rng.mix(seed, np.arange(k)))
    assert space.contains(described, drawn).tolist() == [True] * k
    blank = space.zeros(described, k)
    assert [(n, a.shape, a.dtype) for n, a in tree.leaves(drawn)] == [
        (n, a.shape, a.dtype) for n, a in tree.leaves(blank)
    ]


@given(CHOICES, st.data())
def test_samples_are_legal_under_a_mask(described: Space, data: st.DataObject) -> None:
    k, width = data.draw(st.integers(1, 6)), space.mask_width(described)
    assert width is not None
    mask = data.draw(hnp.arrays(np.bool_, (k, width)))
    start = 0
    for n in described.nvec if isinstance(described, MultiDiscrete) else (width,):
        mask[:, start + data.draw(st.integers(0, n - 1))] = True  # something is legal
        start += n
    drawn = space.sample(described, rng.mix(data.draw(st.integers(0, 2**64 - 1)), np.arange(k)), mask)
    assert space.legal(described, drawn, mask).all()


@given(SPACES, st.integers(1, 4))
def test_a_sample_does_not_depend_on_its_company(described: Space, k: int) -> None:
    keys = rng.mix(11, np.arange(k))
    together = dict(tree.leaves(space.sample(described, keys)))
    for row in range(k):
        for name, leaf in tree.leaves(space.sample(described, keys[row : row + 1])):
            np.testing.assert_array_equal(together[name][row], leaf[0])


def test_integer_boxes_draw_every_number_alike() -> None:
    drawn = space.sample(Box((), 2, 4, "int8"), rng.mix(1, np.arange(30_000)))
    np.testing.assert_allclose(np.bincount(drawn, minlength=5)[2:] / len(drawn), [1 / 3] * 3, atol=0.012)


def test_log_volume_is_that_of_the_draw() -> None:
    mask = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 1, 1]], dtype=np.bool_)
    np.testing.assert_allclose(space.log_volume(Discrete(5), mask, 2), -np.log([3, 3]))
    np.testing.assert_allclose(space.log_volume(MultiDiscrete((3, 2)), mask, 2), -np.log([2, 2]))
    np.testing.assert_allclose(space.log_volume(MultiDiscrete((3, 2)), None, 2), -np.log([6, 6]))
    np.testing.assert_allclose(space.log_volume(Box((2,), -1, 1), None, 1), -2 * np.log(2))
    np.testing.assert_allclose(space.log_volume(Box((2,), 2, 4, "int8"), None, 1), -2 * np.log(3))


@pytest.mark.parametrize(
    ("described", "batch"),
    [
        (Discrete(3), np.array([0, 3])),
        (Discrete(3), np.array([2, -1])),
        (Box((), 0, 1), np.array([0.5, 1.5], dtype=np.float32)),
        (Box((1,), 0, 1), np.array([[0.5], [np.nan]], dtype=np.float32)),
        (Box((1,)), np.array([[0.5], [np.nan]], dtype=np.float32)),
        (MultiDiscrete((2, 3)), np.array([[1, 2], [2, 1]])),
        (Tree({"a": Discrete(2)}), {"a": np.array([1, 2])}),
    ],
)
def test_only_the_row_outside_is_refused(described: Space, batch: tree.ArrayTree) -> None:
    assert space.contains(described, batch).tolist() == [True, False]


@pytest.mark.parametrize(
    ("described", "batch"),
    [
        (Discrete(3), np.array([0.0, 1.0])),
        (Discrete(3), np.array([[0], [1]])),
        (Discrete(3), [0, 1]),
        (Box((2,)), np.zeros((2, 3), dtype=np.float32)),
        (Box((2,)), np.zeros((2, 2))),
        (MultiDiscrete((2, 3)), np.zeros((2, 3), dtype=np.int64)),
        (Tree({"a": Discrete(2)}), np.array([1, 1])),
        (Tree({"a": Discrete(2)}), {"b": np.array([1, 1])}),
        (Tree({"a": Discrete(2), "b": Discrete(2)}), {"a": np.array([1, 1]), "b": np.array([1])}),
    ],
)
def test_another_shape_or_kind_of_number_is_refused(described: Space, batch: tree.ArrayTree) -> None:
    assert not space.contains(described, batch).any()


def test_illegal_actions_do_not_hide_legal_ones() -> None:
    mask = np.array([[True, False], [True, False], [True, True], [True, True]])
    assert space.legal(Discrete(2), np.array([0, 1, 1, 2]), mask).tolist() == [True, False, True, False]
    wide = np.array([[True, False, True, True], [True, True, False, True]])
    assert space.legal(MultiDiscrete((2, 2)), np.array([[1, 0], [1, 1]]), wide).tolist() == [False, True]
    assert space.legal(Discrete(2), np.array([1, 2]), None).tolist() == [True, False]
