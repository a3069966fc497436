"""The league's loop: jobs, training, payoffs, mixtures; each step is in the ledger before the next one starts.

Data flows one way: the ledger's view -> strategy -> jobs -> algorithm -> snapshot -> blob -> player -> payoffs ->
meta-strategy -> ledger. The loop keeps nothing that the ledger lacks, so a killed run resumes where it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from league.config import LeagueConfig
from league.dashboard import JobProgress
from league.ledger import Ledger
from league.measures.measure import plain_values
from league.measures.taken import Measures
from league.payoffs.source import PayoffSource
from league.payoffs.table import Table
from league.services import LeagueServices
from league.strategies.checked import CheckedStrategy
from league.view import Iteration, LeagueView, Player
from marl.algorithm import Algorithm
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Registry
from marl.run.players import Contestant
from marl.run.start import starting
from marl.scenario import plain
from marl.services import train
from marl.snapshot import canonical
from marl.types import Bools


@dataclass
class Manager:
    """One league. Build it with everything it needs, then iterate `run()`."""

    config: LeagueConfig
    registry: Registry
    ledger: Ledger
    services: LeagueServices
    strategy: CheckedStrategy
    payoffs: PayoffSource
    measures: Measures
    start: Contestant | None = None  # whose networks jobs without a parent start from

    def __post_init__(self) -> None:
        self.env = canonical(plain(self.config.env))
        self.sides = self.services.spec.side_names
        self.table = Table(len(self.sides))
        self.members: list[list[tuple[int, Player]]] = [[] for _ in self.sides]
        self.iterations = self.ledger.iterations()
        self.measured = self.ledger.measured()
        for id, player in self.ledger.players():
            self._join(id, player)
        self.table.add(self.ledger.payoffs())
        self._started = time.monotonic() - (self.iterations[-1].seconds if self.iterations else 0.0)
        self._algorithms: dict[str, Algorithm] = {}
        self.reason = ""
        self.doing = ""
        self.jobs: list[JobProgress] = []
        self._joined = [0 for _ in self.sides]  # players of the present iteration, by side
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
            self._joined = [0 for _ in self.sides]
            for index, job in enumerate(jobs):
                self._work(number, job, index)
            yield self._conclude(number)
        last = self.iterations[-1].number
        if last not in self.ledger.decisions("finished"):
            self.ledger.decide("finished", last, {"reason": self.reason}, self.seconds)

    def view(self, upto: int | None = None) -> LeagueView:
        """The league as it stands, or as it was at the end of iteration `upto` (the last one at the earliest)."""
        players = [[p for _, p in side if upto is None or p.born <= upto] for side in self.members]
        return LeagueView(
            name=self.config.name,
            env=self.config.env.name,
            sides=self.sides,
            players=tuple(player for side in players for player in side),
            iterations=tuple(self.iterations),
            payoffs=self.table.payoffs.upto([len(side) for side in players]),
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
        for side, founders in enumerate(self.strategy.founders(self.services.spec)):
            for snapshot in founders[len(self.members[side]) :]:
                self.services.blobs.put_snapshot(snapshot)
                self._add(Player(self._name(side), side, snapshot.id, 0, role="founder"), None)
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
            self.services.begin(job.id, "+".join(self.sides[side] for side in job.sides))
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
        player = Player("", job.side, snapshot, number, parents=self._parents(job), checkpoint=checkpoint)
        for side in job.sides:
            self._admit(replace(player, side=side), job)

    def _admit(self, player: Player, job: Job) -> None:
        """Let a trained player join its side, the same as another or not, unless it has before a run was killed."""
        side = player.side
        before = sum(other.born == player.born for _, other in self.members[side])
        if self._joined[side] == before:
            self._add(replace(player, name=self._name(side)), job.id)
        self._joined[side] += 1

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

    def _parents(self, job: Job) -> tuple[str, ...]:
        """The player that the job goes on from, then those that it answered, the heaviest first."""
        earlier = [p.name for _, p in self.members[job.side] if job.parent and p.checkpoint == job.parent]
        weighed = []
        for side, mixture in enumerate(job.opponents):
            names = {player.snapshot: player.name for _, player in reversed(self.members[side])}  # the first one's
            weighed += [(-weight, names[snapshot]) for snapshot, weight in mixture if snapshot != SELF]
        return (*earlier[:1], *(name for _, name in sorted(weighed)))

    def _conclude(self, number: int) -> Iteration:
        """Fill the table, decide the mixtures, measure them, and write the iteration down."""
        every = self.config.payoffs.pairings == "all"
        self._fill(None if every else self.strategy.pairings(self.view()))
        mixtures = self.strategy.mixtures(self.view())
        self._fill(self._support(mixtures))
        values, halves = self.table.payoffs.expected(mixtures)
        margins = tuple(half if math.isfinite(half) else None for half in halves.tolist())
        iteration = Iteration(number, mixtures, {}, tuple(values.tolist()), self.seconds, margins)
        iteration = self._measure(iteration)
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
        data: dict[str, Any] = {"mixtures": iteration.mixtures, "values": iteration.values}
        data["margins"] = iteration.margins
        data["measures"] = {**dict.fromkeys(known), **plain_values(iteration.measures)}  # in order; None: not this time
        if new:
            data["about"] = {name: about.plain() for name, about in new.items()}
        self.ledger.decide("mixtures", iteration.number, data, iteration.seconds)
        self.measured |= new

    def _fill(self, asked: Bools | None) -> None:
        """Play what nobody has played: all of it, or what is asked for."""
        missing = self.table.missing(asked)
        for rows in self.payoffs.fill(self.table.members, missing) if missing.any() else ():
            self.ledger.add_payoffs(rows)
            self.table.add(rows)

    def _support(self, mixtures: tuple[tuple[float, ...], ...]) -> Bools:
        """The pairings that can happen under the mixtures, `bool[n_0, n_1, ...]`."""
        used = np.ones((), dtype=np.bool_)
        for mixture in mixtures:
            used = np.logical_and.outer(used, np.array(mixture) > 0)
        return used

    def report(self, iteration: Iteration) -> None:
        """One line in metrics.jsonl."""
        sizes = [sum(player.born <= iteration.number for _, player in side) for side in self.members]
        self.services.metrics.log(
            "iteration", iteration.number, measures=plain_values(iteration.measures), values=iteration.values,
            margins=iteration.margins, players=sizes, seconds=round(iteration.seconds, 3),
        )  # fmt: skip

    def _name(self, side: int) -> str:
        return f"{self.sides[side]}/{len(self.members[side])}"

    def _add(self, player: Player, job: str | None) -> None:
        self._join(self.ledger.add_player(player, job), player)

    def _join(self, id: int, player: Player) -> None:
        self.members[player.side].append((id, player))
        self.table.join(id, player)
