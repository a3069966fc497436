"""Observations as numbers: leaves of a tree become float columns side by side, or images."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from marl.space import Box, Discrete, MultiDiscrete, Space, Tree

TensorTree: TypeAlias = Any  # a Tensor, or a dict of TensorTrees
Leaf: TypeAlias = tuple[tuple[str, ...], Space]  # the path of keys to a leaf, and its space

_BYTE = 255.0


def leaf_spaces(space: Space, path: tuple[str, ...] = ()) -> list[Leaf]:
    """The leaves of an observation space, in sorted key order."""
    if isinstance(space, Tree):
        return [leaf for name in sorted(space.fields) for leaf in leaf_spaces(space.fields[name], (*path, name))]
    return [(path, space)]


def at(observation: TensorTree, path: tuple[str, ...]) -> Tensor:
    """The leaf of an observation tree at a path."""
    for name in path:
        observation = observation[name]
    leaf: Tensor = observation
    return leaf


def map_tensors(function: Any, observation: TensorTree) -> TensorTree:
    """Apply `function` to every leaf."""
    if isinstance(observation, dict):
        return {name: map_tensors(function, part) for name, part in observation.items()}
    return function(observation)


def width(space: Space) -> int:
    """How many columns `columns` makes of a leaf."""
    match space:
        case Box(shape):
            return int(np.prod(shape))
        case Discrete(n):
            return n
        case MultiDiscrete(nvec):
            return sum(nvec)
        case _:
            raise TypeError(f"{space} is not a leaf")


def is_number(space: Space) -> bool:
    """Whether the columns of a leaf are numbers of a size of their own, rather than choices or bytes."""
    return isinstance(space, Box) and space.dtype != "uint8"


def columns(space: Space, leaf: Tensor) -> Tensor:
    """A leaf `[B, ...]` as `float32[B, width]`: discrete choices one-hot, numbers as `numbers` says."""
    match space:
        case Discrete(n):
            return F.one_hot(leaf.long(), n).float()
        case MultiDiscrete(nvec):
            return torch.cat(
                [F.one_hot(part, n).float() for part, n in zip(leaf.long().unbind(1), nvec, strict=True)], 1
            )
        case Box():
            return numbers(space, leaf).reshape(leaf.shape[0], -1)  # `len` would be a constant in ONNX files
        case _:
            raise TypeError(f"{space} is not a leaf")


def numbers(box: Box, leaf: Tensor) -> Tensor:
    """A box as float32; bytes are scaled to `[0, 1]` by the bound of the box (255, as images have, if it has none)."""
    if box.dtype == "uint8":
        return leaf.float() / min(max(box.high, 1.0), _BYTE)
    return leaf.float()
