"""Minibatches: columns as tensors, in an order that follows from counters, in near equal parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import torch

from marl import rng, tree
from marl.training.columns import Columns
from marl.types import Array

Tensors: TypeAlias = dict[str, Any]  # columns as tensors (observations may be trees)


def tensors(columns: Columns, device: torch.device) -> Tensors:
    """Columns as tensors, without a copy where they can share their memory."""

    def convert(leaf: Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(leaf)).to(device, non_blocking=True)

    converted: Tensors = tree.map_tree(convert, columns)
    return converted


def permutation(count: int, seed: int, module: int, epoch: int) -> torch.Tensor:
    """A random order of `count` rows, from counters: no generator's state needs to be kept."""
    key = rng.mix(seed, module, epoch)
    return torch.from_numpy(np.random.Generator(np.random.Philox(key=int(key[0]))).permutation(count))


def minibatches(tensors: Tensors, order: torch.Tensor, count: int) -> Iterator[Tensors]:
    """`count` parts of the rows in this order, as equal as can be."""
    for start, stop in itertools.pairwise(edges(len(order), count)):
        part = order[start:stop]
        yield tree.map_tree(lambda leaf: leaf.index_select(0, part), tensors)  # noqa: B023


def edges(rows: int, count: int) -> list[int]:
    """Where `count` near equal parts of the rows begin, and where the last one ends."""
    edges: list[int] = np.linspace(0, rows, count + 1).astype(int).tolist()
    return edges
