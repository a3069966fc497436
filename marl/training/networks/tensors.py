"""Between numpy and torch, without copies on the processor."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

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
