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
from functools import partial

from league.dashboard.progress import JobProgress
from league.items.item import JobItem
from league.items.log import TrainingLog
from league.items.queue import Due, Queue
from league.ledger.orders import Open, Orders
from league.orders import Order, Outcome
from league.work import Failure
from league.work.clock import Clock, Span
from marl.errors import UserError


@dataclass
class Jobs:
    """`orders` is the ledger's part, `queue` has the workers.

    `workers`: logical ones. `free`: orders are taken as they are done, and not in the order of the logical clock.
    `keeps`: whether checkpoints are kept. `named` says who learns in an order. `whole`: open orders are one round.
    """

    orders: Orders
    queue: Queue
    log: TrainingLog
    workers: int
    free: bool
    keeps: bool
    named: Callable[[Order], str]
    whole: bool = False
    open: dict[int, Open] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open = {one.number: one for one in self.orders.open()}
        going = {one.number: one.span for one in self.open.values() if one.span is not None}
        self.clock = Clock(self.workers, self.orders.now(), going)
        self._done = [one.number for one in self.open.values() if one.outcome is not None]  # as they came
        self.asked = self.orders.asked()  # after which iteration something was asked for last
        self._began: dict[int, float] = {}  # orders that workers have -> when they got them, by `time.monotonic`
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
            self.queue.work()
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
            self.queue.work()

    def close(self) -> None:
        """Nobody works on them any more. What is not finished is done again."""
        self._began.clear()

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

    def offer(self) -> Due | None:
        """The next order for a worker; None where all that have begun are done, or worked on."""
        working = {self.open[number].order.job.id for number in self._began if number in self.open}
        for number in sorted(self.clock.going, key=lambda number: (self.clock.going[number].due, number)):
            one = self.open[number]
            if one.outcome is None and one.order.job.id not in working:  # nobody does the same job twice
                return self._handed_out(one)
        return None

    def _handed_out(self, one: Open) -> Due:
        """Lease an order for a worker."""
        token = self.orders.lease(one.number, self._owner)
        self._began[one.number] = time.monotonic()
        item = JobItem(one.number, token, one.asked + 1, one.order.job, self.named(one.order), self.keeps)
        return Due(item, partial(self._ended, item), partial(self._failed, item), partial(self._began.pop, one.number))

    def _ended(self, item: JobItem, outcome: Outcome) -> None:
        """A worker is done with an order."""
        del self._began[item.number]
        if self.orders.finish(item.number, item.token, outcome):
            self.log.ended(item)
            for number, one in self.open.items():
                if one.order.job.id == item.job.id and one.outcome is None:  # whoever asked for the same job
                    self.open[number] = replace(one, outcome=outcome)
                    self._done.append(number)

    def _failed(self, item: JobItem, failure: Failure) -> None:
        """Raise what the work raised."""
        del self._began[item.number]
        if isinstance(failure.error, UserError):  # it cannot be done, now or later: another order may be, once mended
            self.drop([item.number])
        failure.throw()
