"""Normalisation by what was seen so far: observations to mean 0 and deviation 1, returns to deviation 1.

The conventions are those of Stable-Baselines3's `VecNormalize`: `EPSILON` is added to variances, and observations and
rewards are clipped at `CLIP` deviations. The statistics are buffers, so they are where the weights are: in snapshots
(float32, as all that plays), in checkpoints (float64) and on the way to samplers. Only a learner's `fit` changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from marl.training.networks.features import Leaf, TensorTree, at, is_number, width
from marl.training.networks.moments import Moments
from marl.types import Array

EPSILON = 1e-8
CLIP = 10.0


class Running(nn.Module):
    """The mean and the variance of F numbers, over all rows since the cold start; 0 and 1 before there was any."""

    mean: Tensor
    var: Tensor
    count: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("var", torch.ones(size, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    @property
    def fresh(self) -> bool:
        """Whether there was nothing to see yet."""
        return float(self.count) == 0

    def absorb(self, moments: Moments) -> None:
        """Take further rows into account."""
        mean, var = (part.detach().cpu().numpy() for part in (self.mean, self.var))
        merged = Moments(float(self.count), mean, var * float(self.count)).merged(moments)
        for buffer, value in (
            (self.mean, merged.mean),
            (self.var, merged.squares / merged.count),
            (self.count, np.float64(merged.count)),
        ):
            buffer.copy_(torch.as_tensor(value))

    def deviation(self) -> Tensor:
        """`float32[F]`; the same from float64 as from the float32 of a snapshot."""
        return (self.var.float() + EPSILON).sqrt()


class Normaliser(Running):
    """Normalises what a network sees, before it is shown to its body. `leaves` have statistics: a place a column.

    Leaves that are numbers are normalised; choices and bytes stay, and so does what is not among `leaves` (images).
    """

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        numbers = [is_number(space) for _, space in leaves for _ in range(width(space))]
        super().__init__(len(numbers))
        self._where = np.flatnonzero(numbers)
        ends = np.cumsum([width(space) for _, space in leaves]).tolist()
        self._parts = [
            (path, slice(end - width(space), end))
            for (path, space), end in zip(leaves, ends, strict=True)
            if is_number(space)
        ]

    def forward(self, observation: TensorTree) -> TensorTree:
        """A tree of `[B, ...]`: numbers in units of the deviation seen so far, around the mean that was, as float32."""
        mean, deviation = self.mean.float(), self.deviation()
        for path, columns in self._parts:
            leaf = at(observation, path)
            flat = normalised(leaf.float().reshape(len(leaf), -1), mean[columns], deviation[columns])
            observation = _with(observation, path, flat.reshape(leaf.shape))
        return observation

    def absorb(self, moments: Moments) -> None:
        """Take further rows into account; `moments` are those of the numbers alone."""
        size = len(self.mean)
        mean, squares = np.zeros(size), np.full(size, moments.count)
        mean[self._where], squares[self._where] = moments.mean, moments.squares
        super().absorb(Moments(moments.count, mean, squares))


class ReturnScale(Running):
    """The deviation of discounted returns: the unit of a network's value, or of each of its `critics`."""

    def __init__(self, critics: int = 0) -> None:
        super().__init__(critics or 1)
        self.single = critics == 0

    @property
    def scale(self) -> np.float32 | Array:
        """1 before there was any return; `float32[C]` of C critics."""
        if self.fresh:
            return np.float32(1.0)
        deviation: Array = self.deviation().cpu().numpy()
        return cast(np.float32, deviation[0]) if self.single else deviation


def _with(observation: TensorTree, path: tuple[str, ...], leaf: Tensor) -> TensorTree:
    """The same tree with another leaf at a path."""
    if not path:
        return leaf
    return {**observation, path[0]: _with(observation[path[0]], path[1:], leaf)}


def normalised(x: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """`x` less its mean in units of its deviation, clipped."""
    return ((x - mean) / deviation).clamp(-CLIP, CLIP)
