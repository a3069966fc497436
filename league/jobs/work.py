"""What a worker does with a job: train, and store what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from league.config import LeagueCompute
from league.jobs.item import JobItem, Logged, Warned
from league.ledger.orders import Outcome
from league.services import LeagueServices, Lending
from league.work import Here, Pool, Processes, Tell
from marl.algorithm import Algorithm, Checking, close
from marl.job import Job
from marl.registry import ALGORITHMS, blamed
from marl.services import train


@dataclass
class JobWork:
    """Trains jobs of one league, one at a time. `lent`: services that are there already, if it stays in this process.

    Engines and policies are kept from one job to the next, but each job has services of its own.
    """

    lending: Lending
    lent: LeagueServices | None = None
    _algorithms: dict[str, Algorithm] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"lending": self.lending, "lent": None, "_algorithms": {}}

    def __call__(self, item: JobItem, tell: Tell) -> Outcome:
        """Train. The blobs are stored when this returns."""
        started = time.monotonic()
        if self.lent is None:
            self.lent = self.lending.services()
        services = self.lent.telling(lambda step, values: tell(Logged(step, values)), lambda text: tell(Warned(text)))
        trained = train(services.registry, self.algorithm(item.job), item.job, services)
        snapshot = services.blobs.put_snapshot(trained.snapshot)
        kept = trained.checkpoint if item.keeps else None
        checkpoint = None if kept is None else services.blobs.put_checkpoint(kept)
        return Outcome(snapshot, checkpoint, dict(trained.metrics), time.monotonic() - started)

    def check(self, job: Job) -> None:
        """Raises UserError where there is no such algorithm, or where it says beforehand that it cannot do the job."""
        algorithm = self.algorithm(job)
        if isinstance(algorithm, Checking):
            assert self.lent is not None, "there are no services yet"
            with blamed(self.lent.registry.describe(ALGORITHMS, job.algorithm), "check_job(job, spec)"):
                algorithm.check_job(job, self.lent.spec)

    def close(self) -> None:
        """Let the algorithms that were made here end what they hold."""
        for algorithm in self._algorithms.values():
            close(algorithm)
        self._algorithms = {}

    def algorithm(self, job: Job) -> Algorithm:
        """The algorithm of a job, made once for all jobs with its parameters."""
        assert self.lent is not None, "there are no services yet"
        key = job.algorithm + repr(sorted(job.params.items()))
        if key not in self._algorithms:
            self._algorithms[key] = self.lent.registry.make(ALGORITHMS, job.algorithm, job.params)
        return self._algorithms[key]


def pool_of(compute: LeagueCompute, work: JobWork, heard: Callable[[JobItem, object], None]) -> Pool[JobItem, Outcome]:
    """The workers that `compute` names. Processes begin anew: a league that shows how it goes has threads."""
    if not compute.processes:
        return Here(work, heard)
    if compute.pool == "ray":
        from league.work.cluster import Cluster

        return Cluster(compute.processes, work, heard=heard)
    return Processes(compute.processes, work, heard, start="spawn")
