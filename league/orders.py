"""What a strategy orders, what comes of it, and what it is told of what it ordered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from marl.job import Job

Keep: TypeAlias = Literal["always", "new", "never"]
KEEPS: tuple[Keep, ...] = get_args(Keep)


@dataclass(frozen=True)
class Order:
    """A job that a strategy wants done, whose learner it is, and what becomes of what it learns.

    `lineage` names the learner: all its jobs have the same. `role` is the role of the player that comes of it. `keep`:
    its snapshot joins the league `always`, the same as another or not; only if it is `new` to its population; or
    `never`, as for a slice of training that only the next one goes on from.
    """

    job: Job
    lineage: str = ""
    role: str = "main"
    keep: Keep = "always"

    @property
    def work(self) -> float:
        """How long it takes by the logical clock: the job's budget, else its algorithm's `env_steps`, else 1."""
        if self.job.budget:
            return float(sum(self.job.budget.values()))
        steps = self.job.params.get("env_steps")
        return float(steps) if isinstance(steps, (int, float)) and steps > 0 else 1.0


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the ids of its blobs, what its algorithm reported, and the seconds that it took."""

    snapshot: str
    checkpoint: str | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Lineage:
    """What a learner has come to: `done` jobs, and what the last of them left behind, which may be no player.

    `checkpoint` is None where none was kept. `metrics` are what its algorithm reported.
    """

    done: int
    snapshot: str
    checkpoint: str | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
