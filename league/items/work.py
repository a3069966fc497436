"""What a worker does with an item of a league, whatever it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from league.checked import measures
from league.checked.payoff_source import CheckedSource
from league.config import LeagueCompute
from league.items.item import CellsItem, CheckItem, Item, JobItem, Logged, PartItem, Warned
from league.orders import Outcome
from league.payoffs.row import PayoffRow
from league.services import LeagueServices, Lending
from league.work import Here, Pool, Processes, Tell
from league.work.pool import unheard
from marl.algorithm import Algorithm, Checking, close
from marl.job import Job
from marl.registry import ALGORITHMS, Component, blamed
from marl.services import train


@dataclass
class LeagueWork:
    """Does the items of one league, one at a time.

    Engines, policies and the source of payoffs are kept from one item to the next, but each item has services of its
    own. `payoffs` names the source. `lent`: services that are there already, if it stays in this process.
    """

    lending: Lending
    payoffs: Component
    lent: LeagueServices | None = None
    _algorithms: dict[str, Algorithm] = field(default_factory=dict, repr=False)
    _tell: Tell | None = field(default=None, repr=False)  # of the item that is worked on

    def __getstate__(self) -> dict[str, Any]:
        return {"lending": self.lending, "payoffs": self.payoffs, "lent": None, "_algorithms": {}, "_tell": None}

    def __call__(self, item: Item, tell: Tell) -> Any:
        """What comes of the item, as its class says. The blobs of a job are stored when this returns."""
        self._tell = tell
        match item:
            case JobItem():
                return self._train(item)
            case CheckItem():
                return self._check(item)
            case CellsItem():
                return self._fill(item)
            case PartItem():
                services = self.services()
                return measures.work(item.measure, item.part, services.registry, services)

    def services(self, tell: Tell | None = None) -> LeagueServices:
        """What is lent for one purpose. What is said under it goes to `tell`, else to whoever asked for the item."""
        if self.lent is None:
            self.lent = self.lending.services()
        lent = self.lent

        def say(said: Logged | Warned) -> None:
            if (ear := tell or self._tell) is not None:
                ear(said)
            elif isinstance(said, Warned):
                lent.warn(said.text)

        return lent.telling(
            lambda step, values: say(Logged(step, values)),
            lambda text: say(Warned(text)),
            lambda what, step, values: say(Logged(step, values, apart=what)),
        )

    @cached_property
    def source(self) -> CheckedSource:
        """The source of payoffs, of this process."""
        return CheckedSource(self.payoffs, self.services().registry, self.services())

    def close(self) -> None:
        """Let the algorithms that were made here end what they hold."""
        for algorithm in self._algorithms.values():
            close(algorithm)
        self._algorithms = {}

    def _train(self, item: JobItem) -> Outcome:
        started = time.monotonic()
        services = self.services()
        trained = train(services.registry, self._algorithm(item.job), item.job, services)
        snapshot = services.blobs.put_snapshot(trained.snapshot)
        kept = trained.checkpoint if item.keeps else None
        checkpoint = None if kept is None else services.blobs.put_checkpoint(kept)
        return Outcome(snapshot, checkpoint, dict(trained.metrics), time.monotonic() - started)

    def _check(self, item: CheckItem) -> str | None:
        """Raises UserError where there is no such algorithm, or where it says beforehand that it cannot do the job."""
        job, services = item.job, self.services()
        algorithm = self._algorithm(job)
        if item.start is not None and job.parent is None:
            from marl.run.start import starting

            parent = services.blobs.put_checkpoint(starting(item.start, algorithm, job, services))
            job = replace(job, parent=parent)
        if isinstance(algorithm, Checking):
            with blamed(services.registry.describe(ALGORITHMS, job.algorithm), "check_job(job, spec)"):
                algorithm.check_job(job, services.spec)
        return job.parent

    def _fill(self, item: CellsItem) -> list[PayoffRow]:
        return [row for rows in self.source.fill(item.asked) for row in rows]

    def _algorithm(self, job: Job) -> Algorithm:
        """The algorithm of a job, made once for all jobs with its parameters."""
        key = job.algorithm + repr(sorted(job.params.items()))
        if key not in self._algorithms:
            self._algorithms[key] = self.services().registry.make(ALGORITHMS, job.algorithm, job.params)
        return self._algorithms[key]


def pool_of(
    compute: LeagueCompute, work: LeagueWork, heard: Callable[[Item, object], None] = unheard
) -> Pool[Item, Any]:
    """The workers that `compute` names. Processes begin anew: a league that shows how it goes has threads."""
    if not compute.processes:
        return Here(work, heard)
    if compute.pool == "ray":
        from league.work.cluster import Cluster

        return Cluster(compute.processes, work, heard=heard)
    return Processes(compute.processes, work, heard, start="spawn")
