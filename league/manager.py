"""The league's loop: jobs, training, payoffs, mixtures; each step is in the ledger before the next one starts.

Data flows one way: the ledger's view -> strategy -> jobs -> algorithm -> snapshot -> blob -> player -> payoffs ->
meta-strategy -> ledger. The loop keeps nothing that the ledger lacks, so a killed run resumes where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from league.config import LeagueConfig
from league.dashboard import JobProgress
from league.ledger import Ledger
from league.payoffs import PayoffSource
from league.reader import side_names
from league.services import LeagueServices
from league.strategy import Strategy, Weights
from league.table import Table
from league.view import Iteration, LeagueView, Player
from marl.algorithm import Algorithm, Trained
from marl.errors import RunError
from marl.job import SELF, Job
from marl.registry import Registry
from marl.scenario import plain
from marl.services import train
from marl.snapshot import canonical
from marl.types import Floats


@dataclass
class Manager:
    """One league. Build it with everything it needs, then iterate `run()`."""

    config: LeagueConfig
    registry: Registry
    ledger: Ledger
    services: LeagueServices
    strategy: Strategy
    payoffs: PayoffSource
    exact: bool

    def __post_init__(self) -> None:
        self.env = canonical(plain(self.config.env))
        self.sides = side_names(self.services.spec)
        self.table = Table(len(self.sides))
        self.members: list[list[tuple[int, Player]]] = [[] for _ in self.sides]
        self.iterations = self.ledger.iterations()
        for id, player in self.ledger.players():
            self._join(id, player)
        self.table.add(self.ledger.payoffs())
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
            asked = self.strategy.jobs(self.view(number - 1), self.config.seed)
            jobs = [replace(job, env=self.env) for job in asked]
            self.services.iteration = number
            self.jobs = [self._waiting(job) for job in jobs]
            grown = [self._work(number, job, index) for index, job in enumerate(jobs)]
            if not any(grown) and not self._unplayed():
                self.reason = "no best response is new, so nothing would change from here"
                break
            yield self._conclude(number)
        last = self.iterations[-1].number
        if last not in self.ledger.decisions("finished"):
            self.ledger.decide("finished", last, {"reason": self.reason}, self.seconds)

    def view(self, upto: int | None = None) -> LeagueView:
        """The league as it stands, or as it was at the end of iteration `upto` (the last one at the earliest)."""
        players = [[p for _, p in side if upto is None or p.born <= upto] for side in self.members]
        inside = tuple(slice(len(side)) for side in players)
        return LeagueView(
            name=self.config.name,
            env=self.config.env.name,
            sides=self.sides,
            players=tuple(player for side in players for player in side),
            iterations=tuple(self.iterations),
            payoffs=tuple(table[inside] for table in self.table.means),
            counts=self.table.counts[inside],
            finished=bool(self.reason),
            planned=self.config.stop.iterations,
        )

    @property
    def seconds(self) -> float:
        """Run time so far, over all resumes."""
        return time.monotonic() - self._started

    def _stops(self) -> bool:
        stop, last = self.config.stop, self.iterations[-1]
        if stop.nash_conv is not None and last.nash_conv is not None and last.nash_conv < stop.nash_conv:
            self.reason = f"NashConv is below {stop.nash_conv:g}"
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
        return JobProgress(self.sides[job.side], sum(len(mixture) for mixture in job.opponents), 0.0)

    def _work(self, number: int, job: Job, index: int) -> bool:
        """Do a job, unless the ledger has it, and let its snapshot join. Says whether a side has grown."""
        done, started = self.ledger.job(job.id), time.monotonic()
        if done is None:
            self.doing = f"iteration {number}: {job.algorithm} for {self.sides[job.side]}"
            self.tell()
            self.services.job = job.id
            trained = self._train(job)
            snapshot = self.services.blobs.put_snapshot(trained.snapshot)
            kept = trained.checkpoint
            checkpoint = None if kept is None else self.services.blobs.put_checkpoint(kept)
            self.ledger.finish_job(
                job.id, number, asdict(job), snapshot, checkpoint, dict(trained.metrics), time.monotonic() - started
            )
        else:
            snapshot, checkpoint = done["snapshot"], done["checkpoint"]
        self.jobs[index] = replace(self.jobs[index], seconds=time.monotonic() - started, finished=True)
        player = Player("", job.side, snapshot, number, parents=self._parents(job), checkpoint=checkpoint)
        grown = [self._admit(replace(player, side=side), job) for side in job.sides]
        return any(grown)

    def _admit(self, player: Player, job: Job) -> bool:
        """Let a trained player join its side, unless it is there already. Says whether the side has grown."""
        side = self.members[player.side]
        if any(other.snapshot == player.snapshot for _, other in side):
            return any(other.snapshot == player.snapshot and other.born == player.born for _, other in side)
        self._add(replace(player, name=self._name(player.side)), job.id)
        return True

    def _train(self, job: Job) -> Trained:
        key = job.algorithm + repr(sorted(job.params.items()))
        if key not in self._algorithms:
            made = self.registry.make("algorithms", job.algorithm, job.params)
            self._algorithms[key] = made
        return train(self.registry, self._algorithms[key], job, self.services)

    def _parents(self, job: Job) -> tuple[str, ...]:
        """The player that the job goes on from, then those that it answered, the heaviest first."""
        earlier = [p.name for _, p in self.members[job.side] if job.parent and p.checkpoint == job.parent]
        weighed = []
        for side, mixture in enumerate(job.opponents):
            names = {player.snapshot: player.name for _, player in self.members[side]}
            weighed += [(-weight, names[snapshot]) for snapshot, weight in mixture if snapshot != SELF]
        return (*earlier[:1], *(name for _, name in sorted(weighed)))

    def _unplayed(self) -> bool:
        return bool(self.table.missing().any())

    def _conclude(self, number: int) -> Iteration:
        """Fill the table, decide the mixtures, measure them, and write the iteration down."""
        for rows in self.payoffs.fill(self.members, self.table.missing()):
            self.ledger.add_payoffs(rows)
            self.table.add(rows)
        mixtures = self._checked(self.strategy.mixtures(self.view()))
        values = tuple(_expectation(table, mixtures) for table in self.table.means)
        iteration = Iteration(number, mixtures, self._nash_conv(mixtures), values, self.seconds)
        data: dict[str, Any] = {"mixtures": mixtures, "nash_conv": iteration.nash_conv, "values": values, "metrics": {}}
        self.ledger.decide("mixtures", number, data, iteration.seconds)
        self.iterations.append(iteration)
        self.report(iteration)
        return iteration

    def report(self, iteration: Iteration) -> None:
        """One line in metrics.jsonl."""
        sizes = [sum(player.born <= iteration.number for _, player in side) for side in self.members]
        self.services.metrics.log(
            "iteration", iteration.number, nash_conv=iteration.nash_conv, values=iteration.values, players=sizes,
            seconds=round(iteration.seconds, 3),
        )  # fmt: skip

    def _checked(self, mixtures: Sequence[Weights]) -> tuple[Weights, ...]:
        """The mixtures, if they are distributions over the players; anything else is the meta-solver's bug."""
        sizes = [len(side) for side in self.members]
        fits = [len(m) == n and min(m) >= 0 and abs(sum(m) - 1) < 1e-6 for m, n in zip(mixtures, sizes, strict=False)]
        if len(mixtures) != len(sizes) or not all(fits):
            raise RunError(
                f"strategy {self.config.strategy.name} gave mixtures that are no distributions over the players "
                f"(so many on each side: {sizes}): {str(mixtures)[:200]}"
            )
        return tuple(tuple(mixture) for mixture in mixtures)

    def _nash_conv(self, mixtures: tuple[tuple[float, ...], ...]) -> float | None:
        if not self.exact:
            return None
        game = self.services.exact()
        plans = []
        for side, weights in enumerate(mixtures):
            snapshots = [player.snapshot for _, player in self.members[side]]
            plans.append(game.mixture(side, tuple(zip(snapshots, weights, strict=True))))
        return game.form.nash_conv(plans)

    def _name(self, side: int) -> str:
        return f"{self.sides[side]}/{len(self.members[side])}"

    def _add(self, player: Player, job: str | None) -> None:
        self._join(self.ledger.add_player(player, job), player)

    def _join(self, id: int, player: Player) -> None:
        self.members[player.side].append((id, player))
        self.table.add_player(id, player.side)


def _expectation(table: Floats, mixtures: tuple[tuple[float, ...], ...]) -> float:
    """The mean of a payoff table under independent mixtures."""
    for mixture in reversed(mixtures):
        table = table @ np.array(mixture)
    return float(table)
