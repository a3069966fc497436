"""Observation trees."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from marl import tree
from marl.types import Array, ArrayTree

K = 3
LEAVES = hnp.arrays(
    st.sampled_from([np.float32, np.int64, np.bool_]), st.lists(st.integers(1, 3), max_size=2).map(lambda s: (K, *s))
)
TREES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(st.sampled_from(["a", "b", "long name"]), inner, min_size=1), max_leaves=6
)


def same(first: ArrayTree, second: ArrayTree) -> bool:
    left, right = dict(tree.leaves(first)), dict(tree.leaves(second))
    return list(left) == list(right) and all(
        left[name].dtype == right[name].dtype
        and np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f")
        for name in left
    )


def test_leaves_are_named_by_their_path_in_sorted_order() -> None:
    made = {"b": np.zeros(1), "a": {"y": np.ones(1), "x": np.ones(1)}}
    assert [name for name, _ in tree.leaves(made)] == ["a/x", "a/y", "b"]
    assert [name for name, _ in tree.leaves(np.zeros(1))] == [""]


@given(TREES)
def test_nest_undoes_leaves(made: ArrayTree) -> None:
    assert same(tree.nest(dict(tree.leaves(made))), made)


@given(TREES, st.lists(st.integers(0, K - 1), min_size=1, max_size=5))
def test_take_takes_rows_of_every_leaf(made: ArrayTree, index: list[int]) -> None:
    for (_, taken), (_, leaf) in zip(tree.leaves(tree.take(made, index)), tree.leaves(made), strict=True):
        assert np.array_equal(taken, leaf[index], equal_nan=leaf.dtype.kind == "f")


@given(TREES, st.integers(0, K))
def test_concatenate_undoes_a_cut(made: ArrayTree, cut: int) -> None:
    assert same(tree.concatenate([tree.take(made, slice(None, cut)), tree.take(made, slice(cut, None))]), made)


@given(TREES)
def test_flatten_keeps_every_number(made: ArrayTree) -> None:
    flat = tree.flatten(made)
    assert flat.dtype == np.float64
    start = 0
    for _, leaf in tree.leaves(made):
        part: Array = leaf.reshape(K, -1)
        np.testing.assert_array_equal(flat[:, start : start + part.shape[1]], part.astype(np.float64))
        start += part.shape[1]
    assert start == flat.shape[1]


def test_flatten_does_not_depend_on_the_order_of_insertion() -> None:
    first, second = np.array([[1.0]]), np.array([[2.0]])
    np.testing.assert_array_equal(tree.flatten({"b": second, "a": first}), tree.flatten({"a": first, "b": second}))


def test_map_tree_meets_the_same_leaves() -> None:
    one, two = {"a": {"b": np.array([1])}, "c": np.array([2])}, {"c": np.array([20]), "a": {"b": np.array([10])}}
    summed = tree.map_tree(lambda x, y: x + y, one, two)
    assert same(summed, {"a": {"b": np.array([11])}, "c": np.array([22])})
