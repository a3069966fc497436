"""The league's loop: orders, jobs, payoffs, mixtures; each step is in the ledger before the next one starts.

Data flows one way: the ledger's view -> strategy -> orders -> jobs -> snapshot -> blob -> player -> payoffs ->
meta-strategy -> ledger. The loop keeps nothing that the ledger lacks, so a killed run resumes where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from league.checked.measures import Measures
from league.checked.strategy import CheckedStrategy
from league.config import LeagueConfig
from league.filling import Filling
from league.items.item import CheckItem, Item
from league.items.log import TrainingLog
from league.items.queue import Queue
from league.items.shares import SharedSource, measured
from league.items.work import LeagueWork, pool_of
from league.iteration import Iteration
from league.jobs import Jobs
from league.ledger import Ledger
from league.ledger.operations import Operations
from league.ledger.orders import Orders
from league.operations.taking import Taking
from league.orders import Lineage, Order
from league.payoffs.cells import Cell
from league.payoffs.table import Table
from league.population.active import Active
from league.population.population import Population
from league.services import LeagueServices
from league.value import plain_values
from league.view import LeagueView
from marl.errors import UserError
from marl.job import Job
from marl.metrics import Metrics
from marl.run.players import Contestant
from marl.scenario import plain
from marl.snapshot import canonical


@dataclass
class Manager:
    """One league. Build it with everything it needs, then iterate `run()`."""

    config: LeagueConfig
    ledger: Ledger
    work: LeagueWork
    strategy: CheckedStrategy
    measures: Measures
    metrics: Metrics
    one: bool = False  # whether a single population plays all sides
    start: Contestant | None = None  # whose networks jobs without a parent start from

    def __post_init__(self) -> None:
        self.env = canonical(plain(self.config.env))
        self.services = self.work.services()
        sides = self.services.spec.side_names
        self.log = TrainingLog(self.metrics, tell=lambda: self.tell())
        self.queue = Queue(
            lambda: pool_of(self.config.compute, self.work, self.log.heard), self.log.again, lambda: self.tell()
        )
        source = SharedSource(self.work.source.matches, self.queue, lambda: self.number)
        self.filling = Filling(self.ledger, source, Table(len(sides), self.one))
        self.population = Population(sides, self.ledger, self.filling.join, self.one)
        self.sides = self.population.sides
        self.filling.read()
        self.iterations = self.ledger.iterations()
        self.measured = self.ledger.measured()
        self._started = time.monotonic() - (self.iterations[-1].seconds if self.iterations else 0.0)
        self.reason = ""
        self.doing = ""
        self.tell: Callable[[], None] = lambda: None
        self.orders = Orders(self.ledger)
        self._taken = len(self.orders.taken(len(self.iterations)))  # orders, in the present iteration
        self.lineages = self.orders.lineages()
        self.operations = Taking(Operations(self.ledger), self.population)
        self._changed = self.operations.begun(len(self.iterations))  # before it was killed
        self.jobs = Jobs(
            self.orders, self.queue, self.log, self.config.workers, self.config.completions == "free",
            self.strategy.continues, self._named, self.strategy.rounds,
        )  # fmt: skip

    @property
    def number(self) -> int:
        """The iteration that goes on."""
        return len(self.iterations)

    def run(self) -> Iterator[Iteration]:
        """Work until a stop condition holds (`reason` then says which), yielding each finished iteration.

        It also ends where somebody wants other settings from here on: `operations.setting` then says which.
        """
        try:
            self._drop_refused()
            self.queue.offer = self.jobs.offer
            if not self.iterations:
                yield self._found()
            while self._begin():
                while not self._all_taken():
                    self._take(self.number)
                yield self._conclude(self.number)
            last = self.iterations[-1].number
            if self.operations.setting is None and last not in self.ledger.decisions("finished"):
                self.ledger.decide("finished", last, {"reason": self.reason}, self.seconds)
        finally:
            self.close()

    def _drop_refused(self) -> None:
        """Forget orders that were written down before, and that cannot be done as things are now."""
        for one in [one for one in self.jobs.open.values() if one.outcome is None]:
            try:
                list(self._checked([one.order.job]))
            except UserError:
                self.jobs.drop([one.number])

    def close(self) -> None:
        """End the workers, if there are any, and what algorithms hold here."""
        self.queue.close()
        self.jobs.close()
        self.work.close()

    def _begin(self) -> bool:
        """Ask the strategy what is to be done in an iteration, unless it has been asked. False where none begins."""
        number = self.number
        if self._changes(number):
            return True
        if self.operations.setting is not None or self._stops():
            return False
        if self._all_taken():  # it was killed before it was concluded
            return True
        if self.jobs.asked < number - 1 and not (self.strategy.rounds and self.jobs.open):
            orders = self.strategy.next(self.active().view, self.jobs.running)
            # what is refused is not written down: it would be refused again after every resume
            self.jobs.ask(self.strategy.accepted(orders, self._checked), number - 1)
        if not self.jobs.open:
            self.reason = self.strategy.ended(self.active().view)
        return bool(self.jobs.open)

    def _changes(self, number: int) -> bool:
        """Whether an iteration is one in which players join or leave since somebody asked for it; they do so now."""
        between = not self._taken and not (self.strategy.rounds and self.jobs.open)
        if not between:
            return False
        if self._changed or self.operations.take(number):
            self._changed, self._taken = False, 1
        if self.operations.setting is not None:
            self.doing = "what was begun is finished before the settings change"
            self.jobs.finish()
        return self._taken > 0

    def _all_taken(self) -> bool:
        """Whether all orders of the present iteration are taken: those of a round, else one."""
        return self._taken > 0 and not (self.strategy.rounds and self.jobs.open)

    def _take(self, iteration: int) -> None:
        """Take the next order: it is done, its turn has come, and who comes of it joins."""
        self.doing = f"iteration {iteration}: training"
        one = self.jobs.next()
        order, outcome = one.order, one.outcome
        assert outcome is not None
        self.population.take(self.orders, one, iteration, self.jobs.end(one))
        self._taken += 1
        done = self.lineages[order.lineage].done if order.lineage in self.lineages else 0
        self.lineages[order.lineage] = Lineage(done + 1, outcome.snapshot, outcome.checkpoint, outcome.metrics)

    def view(self) -> LeagueView:
        """The league as it stands."""
        players = self.population.players()
        return LeagueView(
            name=self.config.name,
            env=self.config.env.name,
            sides=self.sides,
            players=tuple(player for side in players for player in side),
            iterations=tuple(self.iterations),
            payoffs=self.filling.payoffs,
            finished=bool(self.reason),
            reason=self.reason,
            measured={**self.measures.abouts, **self.measured},
            planned=self.config.stop.iterations,
            seed=self.config.seed,
            lineages=dict(self.lineages),
            operations=tuple(self.operations.iterations),
        )

    def active(self) -> Active:
        """The same without the players that have retired, as strategies see it."""
        return Active(self.view())

    @property
    def seconds(self) -> float:
        """Run time so far, over all resumes."""
        return time.monotonic() - self._started

    def _stops(self) -> bool:
        stop, last = self.config.stop, self.iterations[-1]
        if met := self.measures.reason(last.measures):
            self.reason = met
        elif stop.iterations is not None and last.number >= stop.iterations:
            self.reason = f"{stop.iterations} iterations are done" if stop.iterations != 1 else "1 iteration is done"
        elif stop.seconds is not None and self.seconds >= stop.seconds:
            self.reason = f"{stop.seconds:g} seconds are over"
            return True  # and no more of them are taken
        if self.reason and not self._taken:
            self.doing = "what was begun is finished, for whoever goes on from here"
            self.jobs.finish()
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
                self.population.found(sides, snapshot.id)
        return self._conclude(0)

    def _named(self, order: Order) -> str:
        """Who learns, for people."""
        return order.lineage or "+".join(dict.fromkeys(self.sides[side] for side in order.job.sides))

    def _checked(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Jobs with what the scenario adds: where they are played, and whose networks they start from.

        Workers are asked whether they can be done. Raises UserError where one cannot.
        """
        jobs = [replace(job, env=self.env) for job in jobs]
        parents = self.queue.do([CheckItem(self.number, job, self.start) for job in jobs])
        return (replace(job, parent=parent) for job, parent in zip(jobs, parents, strict=True))

    def _conclude(self, number: int) -> Iteration:
        """Fill the table, decide the mixtures, measure them, and write the iteration down."""
        if self.config.payoffs.pairings == "all" or not self.strategy.selects:
            self.filling.fill(self.active().pairings)
        if self.strategy.selects:
            self.filling.answer(number, self._cells, self.config.payoffs.limit, self.seconds)
        active = self.active()
        mixtures, joint = active.mixtures(*self.strategy.mixtures(active.view))
        values, margins = self.filling.worth(mixtures, joint)
        drawn = joint.pairings if joint else None
        iteration = self._measure(Iteration(number, mixtures, {}, values, self.seconds, margins, drawn))
        self.measured |= self.ledger.conclude(iteration, self.measures.abouts, self.measured)
        self.iterations.append(iteration)
        self._taken = 0
        self.report(iteration)
        return iteration

    def _cells(self) -> Sequence[Cell]:
        """The cells that the strategy wants."""
        active = self.active()
        return active.cells(self.strategy.cells(active.view))

    def _measure(self, iteration: Iteration) -> Iteration:
        """Take every measure of the league as it is at the end of an iteration."""
        view = self.view()
        if self.iterations and self.measures.taken:
            self.doing = f"iteration {iteration.number}: measures"
            self.tell()
        view = replace(view, iterations=(*view.iterations, iteration))
        found = measured(self.measures, view, self.queue, self._lent)
        return replace(iteration, measures=found, seconds=self.seconds)

    def _lent(self, item: Item) -> LeagueServices:
        """Services for what is not handed to workers; what is said under them is that item's."""
        return self.work.services(partial(self.log.heard, item))

    def report(self, iteration: Iteration) -> None:
        """One line in metrics.jsonl."""
        sizes = [len(players) for players in self.population.players(iteration.number)]
        self.metrics.log(
            "iteration", iteration.number, measures=plain_values(iteration.measures), values=iteration.values,
            margins=iteration.margins, players=sizes, seconds=round(iteration.seconds, 3),
        )  # fmt: skip
