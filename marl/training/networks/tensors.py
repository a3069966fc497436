"""Between numpy and torch, without copies on the processor."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from marl.errors import RunError
from marl.training.networks.features import TensorTree, map_tensors
from marl.types import Array, ArrayTree


def tensor(array: Array, device: torch.device) -> Tensor:
    """An array as a tensor that shares its memory where it can."""
    array = np.ascontiguousarray(array)
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def tensors(tree: ArrayTree, device: torch.device) -> TensorTree:
    """A tree of arrays as a tree of tensors."""
    return map_tensors(lambda array: tensor(array, device), tree)


def numpy(values: Tensor) -> Array:
    """A tensor without gradient as an array."""
    array: Array = values.cpu().numpy()
    return array


def all_finite(numbers: Array) -> bool:
    """Whether they are; looks at each only where the sum of their squares, which is one fast pass, is not."""
    return math.isfinite(np.vdot(numbers, numbers)) or bool(np.isfinite(numbers).all())


def finite(answers: Array) -> Array:
    """The same numbers. RunError where some are not finite: a draw from them would be the first action, silently."""
    if not all_finite(answers):
        raise RunError(
            "a network answers with numbers that are not finite: its weights are broken, or what it sees is too large"
        )
    return answers
