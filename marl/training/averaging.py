"""Averages of weights over updates: steadier than the newest weights, where those circle around a solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

Weights = dict[str, torch.Tensor]


@dataclass
class Average:
    """An exponential average of one module's weights, corrected so that the first weights count no more than others.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control and
    Optimization 30 (1992); the correction is that of Adam's moments (Kingma and Ba 2015).
    """

    weights: Weights = field(default_factory=dict)
    count: int = 0

    def add(self, now: Mapping[str, torch.Tensor], rate: float) -> None:
        """Go towards the weights after one more update; `rate` in `(0, 1]` is about one over how many it spans."""
        self.count += 1
        step = rate / (1 - (1 - rate) ** self.count)
        for name, value in now.items():
            self.weights.setdefault(name, torch.zeros_like(value)).lerp_(value, step)
