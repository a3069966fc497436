"""Averages of each task's returns that forget, for curricula."""

from __future__ import annotations

import numpy as np

from marl.types import Array, Floats, Ints


class Averages:
    """An exponential average per task, `float64[T]`, that starts at `start`; one match moves it by `rate`."""

    def __init__(self, count: int, start: float, rate: float) -> None:
        self.rate = rate
        self.value: Floats = np.full(count, start)

    def add(self, tasks: Ints, scores: Floats) -> None:
        """Take up matches: those of one task count as if one after the other with their mean score."""
        counts = np.bincount(tasks, minlength=len(self.value))
        sums = np.bincount(tasks, weights=scores, minlength=len(self.value))
        seen = counts > 0
        kept = (1.0 - self.rate) ** counts[seen]
        self.value[seen] = kept * self.value[seen] + (1.0 - kept) * sums[seen] / counts[seen]

    def load(self, saved: Array) -> None:
        """Go on from a saved `value`."""
        self.value = np.array(saved, dtype=np.float64)


def mixed(weights: Floats, explore: float) -> Floats:
    """`weights[T]` normalised, with a share `explore` spread evenly over all tasks; all evenly where they are 0."""
    total = float(weights.sum())
    even = np.full(len(weights), 1.0 / len(weights))
    return even if total <= 0 else (1.0 - explore) * weights / total + explore * even
