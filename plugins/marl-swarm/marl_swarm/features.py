"""Features of the mean field: what a learner is told of how the agents of a swarm are distributed.

Points lie on a torus whose sides are 1 (a circle, where there is one dimension). Both kinds of features are means over
the points of something about each point, so they do not depend on who is who, and tend to integrals as points get many.

*Histogram*: the share of the points in each cell. *Kernel*: for each centre `c`, the mean of a Gaussian (RBF) kernel
`exp(-|z(x) - z(c)|**2 / (2 w**2))`, where `z` puts each coordinate on the unit circle of a plane, so that distances are
chords and nothing jumps at the border. A point that moves a little moves kernel features a little; a histogram stays,
or jumps. Of uniform points every kernel feature tends to `(exp(-1 / w**2) I_0(1 / w**2)) ** D` in D dimensions, with
the modified Bessel function `I_0`.

Source: Cui et al., "Learning decentralized partially observable mean field control for artificial collective behavior",
ICLR 2024: kernels instead of histograms. The kernel on a torus is ours.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from marl.types import Array

Kind: TypeAlias = Literal["kernel", "histogram"]


class Features:
    """F numbers of points `[..., N, D]`, D = `len(counts)`.

    `counts`: centres, or cells, along each dimension; F is their product. `width`: w of the kernel, in radians (a side
    of the torus is 2 pi).
    """

    def __init__(self, kind: Kind, counts: tuple[int, ...], width: float) -> None:
        self.kind, self.counts, self.width = kind, counts, width
        self.size = int(np.prod(counts))

    def __call__(self, points: Array) -> Array:
        """`float[..., N, D]`, each in `[0, 1)` -> `float32[..., F]`, each in `[0, 1]`."""
        return self._kernel(points) if self.kind == "kernel" else self._histogram(points)

    def _kernel(self, points: Array) -> Array:
        known = np.ones((*points.shape[:-1], 1), dtype=np.float32)
        for dimension, count in enumerate(self.counts):
            centres = 2 * np.pi * (np.arange(count) + 0.5) / count
            angle = (2 * np.pi * points[..., dimension, None] - centres).astype(np.float32)
            near = np.exp((np.cos(angle) - 1) / self.width**2)
            known = (known[..., None] * near[..., None, :]).reshape(*known.shape[:-1], -1)
        return np.asarray(known.mean(axis=-2), dtype=np.float32).clip(0.0, 1.0)

    def _histogram(self, points: Array) -> Array:
        cell: Array = np.zeros(points.shape[:-1], dtype=np.int64)
        for dimension, count in enumerate(self.counts):
            cell = cell * count + np.minimum((points[..., dimension] * count).astype(np.int64), count - 1)
        rows = cell.reshape(-1, cell.shape[-1])
        flat = rows + np.arange(len(rows))[:, None] * self.size
        found = np.bincount(flat.ravel(), minlength=len(rows) * self.size)
        shares = found.reshape(*cell.shape[:-1], self.size) / cell.shape[-1]
        return np.asarray(shares, dtype=np.float32)
