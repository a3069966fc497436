"""Compute: where work is done. It changes nothing of what is computed, so it is in no job and in no id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Compute:
    """`compute:` of a scenario. A run may go on with another one at any time."""

    backend: Literal["local", "ray"] = "local"
    """Where sampling and learning happen: `local` is this process, `ray` are actors, on one machine or many."""
    learners: int = 0
    """Learner processes (ray), which share out each minibatch; 0 learns in the process that runs the scenario."""
    gpus_per_learner: float = 0.0
    """GPUs of each learner (ray)."""

    def __post_init__(self) -> None:
        for name in ("learners", "gpus_per_learner"):
            value = getattr(self, name)
            if value < 0:
                raise ValueError(f"{name} must not be negative, but it is {value}")
            if value and self.backend == "local":
                raise ValueError(f"{name}: {value} needs several processes: set backend: ray as well")
