"""Frontier: tasks that are won about half the time are played most; what is easy already, or hopeless yet, waits.

A task that is won with probability p is weighed by p (1 - p), which is largest at one half: from such matches there is
most to learn. As tasks are mastered, harder ones come within reach.

Source: Tzannetos et al., "Proximal curriculum for reinforcement learning agents", TMLR 2023 (p (1 - p), for a best
policy that always succeeds); "learnability" in Rutherford et al., "No regrets: investigating and improving regret
approximations for curriculum discovery", NeurIPS 2024. Tasks of intermediate difficulty: Florensa et al., ICML 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marl.curricula.averages import Averages, mixed
from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry.ranges import at_least, at_most
from marl.types import Array, Floats, Ints


@dataclass
class FrontierParams:
    """Parameters of frontier."""

    success: float | None = None
    """The least return of a match that counts as won; by default the middle of what the environment pays."""
    rate: float = 0.05
    """How much one match moves the estimate of a task's success."""
    explore: float = 0.1
    """The share of matches that is spread evenly over all tasks."""

    def __post_init__(self) -> None:
        at_least(self, 0, "rate", "explore")
        at_most(self, 1, "rate", "explore")


class Frontier:
    """See `Curriculum`. Tasks that nobody has played count as won half the time."""

    def __init__(self, spec: EnvSpec, params: FrontierParams | None = None) -> None:
        assert spec.tasks is not None
        self.params = params or FrontierParams()
        middle = sum(spec.returns) / 2
        if self.params.success is None and not np.isfinite(middle):
            raise UserError("frontier: the environment does not bound its returns; say which `success` counts as won")
        self.success = middle if self.params.success is None else self.params.success
        self.won = Averages(len(spec.tasks), 0.5, self.params.rate)

    def weights(self) -> Floats:
        """The variance of winning each task, and a share for all."""
        return mixed(self.won.value * (1.0 - self.won.value), self.params.explore)

    def learn(self, tasks: Ints, returns: Floats) -> None:
        """Count what was won."""
        self.won.add(tasks, (returns >= self.success).astype(np.float64))

    def save(self) -> Mapping[str, Array]:
        """The estimates."""
        return {"won": self.won.value.copy()}

    def load(self, saved: Mapping[str, Array]) -> None:
        """See `Curriculum.load`."""
        self.won.load(saved["won"])
