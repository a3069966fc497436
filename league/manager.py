"""The league's loop: jobs, training, payoffs, mixtures; each step is in the ledger before the next one starts.

Data flows one way: the ledger's view -> strategy -> jobs -> algorithm -> snapshot -> blob -> player -> payoffs ->
meta-strategy -> ledger. The loop keeps nothing that the ledger lacks, so a killed run resumes where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from league.config import LeagueConfig
from league.dashboard import JobProgress
from league.ledger import Ledger
from league.measures.measure import plain_values
from league.measures.taken import Measures
from league.payoffs.filling import Filling
from league.payoffs.source import PayoffSource
from league.payoffs.table import Table
from league.population.player import Player
from league.population.population import Population
from league.services import LeagueServices
from league.strategies.checked import CheckedStrategy
from league.view import Iteration, LeagueView
from marl.algorithm import Algorithm
from marl.job import Job
from marl.registry import ALGORITHMS, Registry
from marl.run.players import Contestant
from marl.run.start import starting
from marl.scenario import plain
from marl.services import train
from marl.snapshot import canonical


@dataclass
class Manager:
    """One league. Build it with everything it needs, then iterate `run()`."""

    config: LeagueConfig
    registry: Registry
    ledger: Ledger
    services: LeagueServices
    strategy: CheckedStrategy
    source: PayoffSource
    measures: Measures
    one: bool = False  # whether a single population plays all sides
    start: Contestant | None = None  # whose networks jobs without a parent start from

    def __post_init__(self) -> None:
        self.env = canonical(plain(self.config.env))
        sides = self.services.spec.side_names
        self.filling = Filling(self.ledger, self.source, Table(len(sides), self.one))
        self.population = Population(sides, self.ledger, self.filling.join, self.one)
        self.sides = self.population.sides
        self.filling.read()
        self.iterations = self.ledger.iterations()
        self.measured = self.ledger.measured()
        self._started = time.monotonic() - (self.iterations[-1].seconds if self.iterations else 0.0)
        self._algorithms: dict[str, Algorithm] = {}
        self.reason = ""
        self.doing = ""
        self.jobs: list[JobProgress] = []
        self.tell: Callable[[], None] = lambda: None

    def run(self) -> Iterator[Iteration]:
        """Work until a stop condition holds (`reason` then says which), yielding each finished iteration."""
        if not self.iterations:
            yield self._found()
        while not self._stops():
            number = self.iterations[-1].number + 1
            view = self.view(number - 1)
            jobs = [self._prepared(job) for job in self.strategy.jobs(view, self.config.seed)]
            if not jobs:
                self.reason = self.strategy.ended(view)
                break
            self.services.iteration = number
            self.jobs = [self._waiting(job) for job in jobs]
            self.population.begin()
            for index, job in enumerate(jobs):
                self._work(number, job, index)
            yield self._conclude(number)
        last = self.iterations[-1].number
        if last not in self.ledger.decisions("finished"):
            self.ledger.decide("finished", last, {"reason": self.reason}, self.seconds)

    def view(self, upto: int | None = None) -> LeagueView:
        """The league as it stands, or as it was at the end of iteration `upto` (the last one at the earliest)."""
        players = self.population.players(upto)
        return LeagueView(
            name=self.config.name,
            env=self.config.env.name,
            sides=self.sides,
            players=tuple(player for side in players for player in side),
            iterations=tuple(self.iterations),
            payoffs=self.filling.payoffs.upto([len(side) for side in players]),
            finished=bool(self.reason),
            measured={**self.measures.abouts, **self.measured},
            planned=self.config.stop.iterations,
        )

    @property
    def seconds(self) -> float:
        """Run time so far, over all resumes."""
        return time.monotonic() - self._started

    def _stops(self) -> bool:
        stop, last = self.config.stop, self.iterations[-1]
        if met := self.measures.reason(last.measures):
            self.reason = met
        elif stop.iterations is not None and last.number >= stop.iterations:
            self.reason = f"{stop.iterations} iterations are done"
        elif stop.seconds is not None and self.seconds >= stop.seconds:
            self.reason = f"{stop.seconds:g} seconds are over"
        return bool(self.reason)

    def _found(self) -> Iteration:
        """Iteration 0: the founders play each other."""
        founders = self.strategy.founders(self.services.spec)
        if self.one:  # whoever starts on any side starts on all
            founders = [list({one.id: one for side in founders for one in side}.values())]
        for number, snapshots in enumerate(founders):
            for snapshot in snapshots[self.population.sizes[number] :]:
                self.services.blobs.put_snapshot(snapshot)
                (sides,) = self.population.playing([number])
                self.population.add(Player("", sides, snapshot.id, 0, role="founder"))
        return self._conclude(0)

    def _waiting(self, job: Job) -> JobProgress:
        return JobProgress(self.sides[job.side], sum(len(mixture) for mixture in job.opponents))

    def _work(self, number: int, job: Job, index: int) -> None:
        """Do a job, unless the ledger has it, and let its snapshot join every side that the learner played."""
        done, started = self.ledger.job(job.id), time.monotonic()
        if done is None:
            self.doing = f"iteration {number}: {job.algorithm} for {self.sides[job.side]}"
            self.jobs[index] = replace(self.jobs[index], started=started)
            self.tell()
            self.services.begin(job.id, "+".join(dict.fromkeys(self.sides[side] for side in job.sides)))
            trained = train(self.registry, self._algorithm(job), job, self.services)
            snapshot = self.services.blobs.put_snapshot(trained.snapshot)
            kept = trained.checkpoint if self.strategy.continues else None
            checkpoint = None if kept is None else self.services.blobs.put_checkpoint(kept)
            self.ledger.finish_job(
                job.id, number, asdict(job), snapshot, checkpoint, dict(trained.metrics), time.monotonic() - started
            )
        else:
            snapshot, checkpoint = done["snapshot"], done["checkpoint"]
        self.jobs[index] = replace(self.jobs[index], seconds=time.monotonic() - started, finished=True)
        parents = self.population.parents(job)
        for sides in self.population.playing(job.sides):
            player = Player("", sides, snapshot, number, parents=parents, checkpoint=checkpoint)
            self.population.admit(player, job)

    def _prepared(self, job: Job) -> Job:
        """A strategy's job with what the scenario adds: where it is played, and whose networks it starts from."""
        job = replace(job, env=self.env)
        if self.start is None or job.parent is not None:
            return job
        checkpoint = starting(self.start, self._algorithm(job), job, self.services)
        return replace(job, parent=self.services.blobs.put_checkpoint(checkpoint))

    def _algorithm(self, job: Job) -> Algorithm:
        key = job.algorithm + repr(sorted(job.params.items()))
        if key not in self._algorithms:
            self._algorithms[key] = self.registry.make(ALGORITHMS, job.algorithm, job.params)
        return self._algorithms[key]

    def _conclude(self, number: int) -> Iteration:
        """Fill the table, decide the mixtures, measure them, and write the iteration down."""
        if self.config.payoffs.pairings == "all" or not self.strategy.selects:
            self.filling.fill()
        if self.strategy.selects:
            limit = self.config.payoffs.limit
            self.filling.answer(number, lambda: self.strategy.cells(self.view()), limit, self.seconds)
        mixtures, joint = self.strategy.mixtures(self.view())
        values, margins = self.filling.worth(mixtures, joint)
        drawn = joint.pairings if joint else None
        iteration = self._measure(Iteration(number, mixtures, {}, values, self.seconds, margins, drawn))
        self._decide(iteration)
        self.iterations.append(iteration)
        self.report(iteration)
        return iteration

    def _measure(self, iteration: Iteration) -> Iteration:
        """Take every measure of the league as it is at the end of an iteration."""
        view = self.view()
        if self.iterations and self.measures.taken:
            self.doing = f"iteration {iteration.number}: measures"
            self.tell()
        measured = self.measures.values(replace(view, iterations=(*view.iterations, iteration)), self.services)
        return replace(iteration, measures=measured, seconds=self.seconds)

    def _decide(self, iteration: Iteration) -> None:
        """Write the iteration down, with what is to be read of its measures where the ledger lacks that."""
        known = self.measures.abouts
        new = {name: known[name] for name in iteration.measures if self.measured.get(name) != known[name]}
        data: dict[str, Any] = {
            "mixtures": [list(mixture) for mixture in iteration.mixtures],
            "values": iteration.values,
        }
        data["margins"] = iteration.margins
        if iteration.joint is not None:
            data["joint"] = iteration.joint
        data["measures"] = {**dict.fromkeys(known), **plain_values(iteration.measures)}  # in order; None: not this time
        if new:
            data["about"] = {name: about.plain() for name, about in new.items()}
        self.ledger.decide("mixtures", iteration.number, data, iteration.seconds)
        self.measured |= new

    def report(self, iteration: Iteration) -> None:
        """One line in metrics.jsonl."""
        sizes = [len(players) for players in self.population.players(iteration.number)]
        self.services.metrics.log(
            "iteration", iteration.number, measures=plain_values(iteration.measures), values=iteration.values,
            margins=iteration.margins, players=sizes, seconds=round(iteration.seconds, 3),
        )  # fmt: skip
