"""Worker processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Literal

from league.work.pool import Ended, Failure, Item, Result, Work, unheard
from league.work.worker import Said, serve

_PATIENCE = 2.0  # seconds that workers get to end by themselves, with what they have started


class Processes(Generic[Item, Result]):
    """`size` processes that do the work, each one item at a time.

    `start`: a worker that is forked is there at once and shares this process's memory, but this process must have no
    threads whenever a worker starts; one that is spawned begins anew, and takes the time that importing takes.
    `heard(item, said)` is told what the work tells, while `wait` waits.

    A worker dies with this process, and what it has started with it, even where that is killed with SIGKILL. One that
    dies under an item is replaced, and the item comes back as a failure.
    """

    def __init__(
        self,
        size: int,
        work: Work[Item, Result],
        heard: Callable[[Item, object], None] = unheard,
        start: Literal["fork", "spawn"] = "fork",
    ) -> None:
        self.size = size
        self._work, self._heard = work, heard
        self._context = multiprocessing.get_context(start)
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Item]] = {}
        for _ in range(size):
            self._idle.append(self._new())

    def _new(self) -> _Worker:
        others = [worker.pipe for worker in self._idle] + list(self._busy)
        return _Worker(self._context, self._work, tuple(others))

    def start(self, item: Item) -> None:
        """Hand an item to an idle worker."""
        worker = self._idle.pop()
        try:
            worker.pipe.send(item)
        except OSError:  # it died while it was idle
            worker.kill()
            worker = self._new()
            worker.pipe.send(item)
        self._busy[worker.pipe] = (worker, item)

    def wait(self, seconds: float) -> list[Ended[Item, Result]]:
        """What came back."""
        until = time.monotonic() + seconds
        ended: list[Ended[Item, Result]] = []
        while self._busy and not ended:
            ready = wait(list(self._busy), max(until - time.monotonic(), 0.0))
            for pipe in ready:
                assert isinstance(pipe, Connection)
                ended += self._received(pipe)
            if not ready:
                break
        return ended

    def _received(self, pipe: Connection) -> list[Ended[Item, Result]]:
        """The end of an item, if that is what its worker says."""
        worker, item = self._busy[pipe]
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            del self._busy[pipe]
            worker.process.join(_PATIENCE)  # its pipe closes a moment before it ends: it may say how
            worker.kill()
            self._idle.append(self._new())
            return [Ended(item, None, Failure(f"the worker process died ({worker.ending()})", died=True))]
        if isinstance(message, Said):
            self._heard(item, message.text)
            return []
        del self._busy[pipe]
        self._idle.append(worker)
        result, failure = message
        return [Ended(item, result, failure)]

    def close(self) -> None:
        """End all workers."""
        workers = self._idle + [worker for worker, _ in self._busy.values()]
        for worker in workers:
            worker.process.terminate()
        until = time.monotonic() + _PATIENCE
        for worker in workers:
            worker.process.join(max(until - time.monotonic(), 0.0))
            worker.kill()
        self._idle, self._busy = [], {}


class _Worker:
    """One process and this end of its pipe."""

    def __init__(self, context: Any, work: Any, others: tuple[Connection, ...]) -> None:
        self.pipe, theirs = context.Pipe()
        forked = context.get_start_method() == "fork"  # then it has the other pipes too, and must close them
        arguments = (os.getpid(), theirs, work, (*others, self.pipe) if forked else ())
        self.process = context.Process(target=serve, args=arguments, daemon=False)
        sys.stdout.flush()
        sys.stderr.flush()
        if not forked:  # what starts with the first of these unblocks SIGINT, so it must be there before
            resource_tracker.ensure_running()
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the worker ignores it
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        theirs.close()

    def kill(self) -> None:
        """End it now, if it has not ended."""
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def ending(self) -> str:
        """How it ended."""
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
