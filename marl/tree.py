"""Observation trees: an array, or a dict of trees whose arrays share their first axis (K rows)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from marl.types import Array, ArrayTree


def map_tree(function: Callable[..., Any], tree: ArrayTree, *others: ArrayTree) -> ArrayTree:
    """Apply `function` to every leaf of `tree` (and to the same leaves of `others`)."""
    if isinstance(tree, dict):
        return {key: map_tree(function, tree[key], *(other[key] for other in others)) for key in tree}
    return function(tree, *others)


def leaves(tree: ArrayTree, prefix: str = "") -> Iterator[tuple[str, Array]]:
    """Yield `("a/b", array)` for every leaf, in sorted key order; a bare array has the name `""`."""
    if isinstance(tree, dict):
        for key in sorted(tree):
            yield from leaves(tree[key], f"{prefix}/{key}" if prefix else key)
    else:
        yield prefix, tree


def take(tree: ArrayTree, index: Any) -> ArrayTree:
    """Index the first axis of every leaf: `[K, ...] -> [len(index), ...]`."""
    if not isinstance(tree, dict):
        if isinstance(index, np.ndarray) and index.dtype.kind == "i" and isinstance(tree, np.ndarray):
            return tree.take(index, axis=0)  # several times faster than tree[index]
        return tree[index]
    return map_tree(lambda leaf: take(leaf, index), tree)


def concatenate(trees: Sequence[ArrayTree]) -> ArrayTree:
    """Join trees of one structure along their first axis."""
    if len(trees) == 1:
        return trees[0]
    if not isinstance(trees[0], dict):
        return np.concatenate(trees)
    return map_tree(lambda *parts: np.concatenate(parts), trees[0], *trees[1:])


def flatten(tree: ArrayTree) -> Array:
    """All leaves side by side as float64 `[K, F]`, in sorted key order."""
    parts = [
        np.asarray(leaf, dtype=np.float64).reshape(len(leaf), math.prod(np.shape(leaf)[1:])) for _, leaf in leaves(tree)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def nest(flat: dict[str, Array]) -> ArrayTree:
    """The inverse of `leaves`: rebuild the tree from `{"a/b": array}`."""
    if set(flat) == {""}:
        return flat[""]
    tree: dict[str, Any] = {}
    for name, leaf in flat.items():
        *path, last = name.split("/")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = leaf
    return tree
