"""The open orders of a league: who works on which, and in which order they are taken.

Two clocks run here. The logical one says which orders go on at the same time, and which of them ends first; it is part
of the league, and in its ledger. The workers do those orders as they can: one after the other, side by side, elsewhere.
What they are done with early waits for its turn.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from league.dashboard.progress import JobProgress
from league.jobs.item import JobItem
from league.jobs.log import TrainingLog
from league.ledger.orders import Open, Orders, Outcome
from league.orders import Order
from league.work import Ended, Failure, Pool
from league.work.clock import Clock, Span
from marl.errors import RunError, UserError

_TICK = 1.0  # seconds between looks at the workers
_TRIES = 3  # how often a job is begun whose workers die


@dataclass
class Jobs:
    """`orders` is the ledger's part, `pool` makes the workers once they are needed.

    `workers`: logical ones. `free`: orders are taken as they are done, and not in the order of the logical clock.
    `keeps`: whether checkpoints are kept. `named` says who learns in an order. `whole`: open orders are one round.
    `tell` is called when something changes.
    """

    orders: Orders
    pool: Callable[[], Pool[JobItem, Outcome]]
    log: TrainingLog
    workers: int
    free: bool
    keeps: bool
    named: Callable[[Order], str]
    whole: bool = False
    tell: Callable[[], None] = lambda: None
    open: dict[int, Open] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open = {one.number: one for one in self.orders.open()}
        going = {one.number: one.span for one in self.open.values() if one.span is not None}
        self.clock = Clock(self.workers, self.orders.now(), going)
        self._done = [one.number for one in self.open.values() if one.outcome is not None]  # as they came
        self.asked = self.orders.asked()  # after which iteration something was asked for last
        self._pool: Pool[JobItem, Outcome] | None = None
        self._began: dict[int, float] = {}  # orders that workers have -> when they got them, by `time.monotonic`
        self._tries: dict[int, int] = {}
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._shown: list[JobProgress] = []  # taken lately
        self.orders.begin(self._begin())

    @property
    def running(self) -> tuple[Order, ...]:
        """All orders that were not taken yet, in the order in which they were asked for."""
        return tuple(one.order for one in self.open.values())

    def ask(self, orders: Sequence[Order], after: int) -> None:
        """Write down what the strategy ordered after an iteration, and let logical workers begin it."""
        self._shown = self._shown if self.open else []  # a round begins
        for one in self.orders.add(orders, after, self.clock):
            self.open[one.number] = one
            if one.outcome is not None:
                self._done.append(one.number)
        self.asked = after

    def drop(self, numbers: Collection[int]) -> None:
        """Forget open orders, which cannot be done: the strategy is asked anew. A round is forgotten as a whole."""
        numbers = list(self.open) if self.whole else [number for number in self.open if number in numbers]
        if not numbers:
            return
        self.orders.drop(numbers)
        for number in numbers:
            del self.open[number]
            self.clock.going.pop(number, None)
        self._done = [number for number in self._done if number in self.open]
        self.asked = -1
        self.orders.begin(self._begin())

    def next(self) -> Open:
        """Work until an order's turn has come, which is done then. There must be one."""
        while (number := self._ready()) is None:
            self._work()
        return self.open[number]

    def end(self, one: Open) -> dict[int, Span]:
        """An order's turn has come: it is open no more. What logical workers begin now is to be written with it."""
        assert one.outcome is not None
        del self.open[one.number]
        self._done.remove(one.number)
        self._shown = [*self._shown[-7:], self._progress(one)]
        self.clock.end(one.number)
        return self._begin()

    def finish(self) -> None:
        """Do what logical workers have begun, for whoever goes on from here; none of it is taken."""
        while any(self.open[number].outcome is None for number in self.clock.going):
            self._work()

    def close(self) -> None:
        """End the workers, whatever they are doing. What they have not finished is done again."""
        if self._pool is not None:
            self._pool.close()
        self._pool, self._began = None, {}

    def progress(self) -> list[JobProgress]:
        """What a dashboard shows: those that were taken lately, then the open ones."""
        return [*self._shown, *map(self._progress, self.open.values())]

    def _progress(self, one: Open) -> JobProgress:
        job, done = one.order.job, one.outcome
        return JobProgress(
            self.named(one.order),
            sum(len(mixture) for mixture in job.opponents),
            done.seconds if done is not None else 0.0,
            done is not None,
            self._began.get(one.number),
        )

    def _begin(self) -> dict[int, Span]:
        """Let idle logical workers begin what was asked for, the oldest first."""
        begun = {}
        for number, one in self.open.items():
            if one.span is None and (span := self.clock.begin(number, one.order.work)) is not None:
                begun[number] = span
                self.open[number] = replace(one, span=span)
        return begun

    def _ready(self) -> int | None:
        """The order whose turn has come, if it is done."""
        if self.free:
            return next((number for number in self._done if number in self.clock.going), None)
        number = self.clock.following()
        return number if number in self._done else None

    def _work(self) -> None:
        """Hand out what can be, and wait for workers."""
        if self._pool is None:
            self._pool = self.pool()
        for number in sorted(self.clock.going, key=lambda number: (self.clock.going[number].due, number)):
            if len(self._began) < self._pool.size:
                self._hand_out(self.open[number], self._pool)
        self.tell()
        for ended in self._pool.wait(_TICK):
            self._settle(ended)

    def _hand_out(self, one: Open, pool: Pool[JobItem, Outcome]) -> None:
        """Give an order to a worker, unless it is done, or one of them has the same job."""
        job = one.order.job
        if one.outcome is not None or any(self.open[number].order.job.id == job.id for number in self._began):
            return
        token = self.orders.lease(one.number, self._owner)
        self._began[one.number] = time.monotonic()
        pool.start(JobItem(one.number, token, one.asked + 1, job, self.named(one.order), self.keeps))

    def _settle(self, ended: Ended[JobItem, Outcome]) -> None:
        """A worker is done with an order, or could not do it."""
        item = ended.item
        self._began.pop(item.number, None)
        if ended.failure is not None:
            self._failed(item, ended.failure)
        elif ended.result is not None and self.orders.finish(item.number, item.token, ended.result):
            self.log.ended(item)
            for number, one in self.open.items():
                if one.order.job.id == item.job.id and one.outcome is None:  # whoever asked for the same job
                    self.open[number] = replace(one, outcome=ended.result)
                    self._done.append(number)

    def _failed(self, item: JobItem, failure: Failure) -> None:
        """Raise what the work raised; where its worker died, the job is done again, but not for ever."""
        if isinstance(failure.error, UserError):  # it cannot be done, now or later: another order may be, once mended
            self.drop([item.number])
        if not failure.died:
            failure.throw()
        tries = self._tries[item.number] = self._tries.get(item.number, 0) + 1
        if tries >= _TRIES:
            raise RunError(
                f"{failure.text} {tries} times under a job of {item.job.algorithm} for {item.side}: if the system ends "
                "it for want of memory, take fewer compute.processes, or smaller jobs; nothing else is lost"
            )
        self.log.again(item)
