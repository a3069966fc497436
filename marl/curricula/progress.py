"""Progress: tasks whose returns change fastest, up or down, are played most.

The change of a task is the distance of a fast average of its returns from a slow one: it is large where something is
being learned (or forgotten), and small where nothing is, because all is known or nothing can be.

Source: Matiisen et al., "Teacher-student curriculum learning", IEEE TNNLS 2020 (absolute change of scores);
Kanitscheider et al., "Multi-task curriculum learning in a complex, visual, hard-exploration domain: Minecraft", 2021
(two averages).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marl.curricula.averages import Averages, mixed
from marl.env import EnvSpec
from marl.registry.ranges import at_least, at_most
from marl.types import Array, Floats, Ints


@dataclass
class ProgressParams:
    """Parameters of progress."""

    fast: float = 0.1
    """How much one match moves the fast average of a task."""
    slow: float = 0.02
    """How much one match moves the slow one."""
    explore: float = 0.2
    """The share of matches that is spread evenly over all tasks."""

    def __post_init__(self) -> None:
        at_least(self, 0, "fast", "slow", "explore")
        at_most(self, 1, "fast", "slow", "explore")
        if self.slow >= self.fast:
            raise ValueError(f"slow: {self.slow} must be less than fast: {self.fast}, or there is no change to see")


class Progress:
    """See `Curriculum`."""

    def __init__(self, spec: EnvSpec, params: ProgressParams | None = None) -> None:
        assert spec.tasks is not None
        self.params, low = params or ProgressParams(), spec.returns[0]
        start = low if np.isfinite(low) else 0.0
        self.fast = Averages(len(spec.tasks), start, self.params.fast)
        self.slow = Averages(len(spec.tasks), start, self.params.slow)

    def weights(self) -> Floats:
        """The change of each task's returns, and a share for all."""
        return mixed(np.abs(self.fast.value - self.slow.value), self.params.explore)

    def learn(self, tasks: Ints, returns: Floats) -> None:
        """Take up the returns."""
        self.fast.add(tasks, returns)
        self.slow.add(tasks, returns)

    def save(self) -> Mapping[str, Array]:
        """Both averages."""
        return {"fast": self.fast.value.copy(), "slow": self.slow.value.copy()}

    def load(self, saved: Mapping[str, Array]) -> None:
        """See `Curriculum.load`."""
        self.fast.load(saved["fast"])
        self.slow.load(saved["slow"])
