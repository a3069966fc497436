"""Worker processes on this machine. They are forked, so they start at once and share the host's memory."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection, wait
from typing import Any

from league.tournament.assignment import Assignment, Play, Played

_PR_SET_PDEATHSIG = 1
_PATIENCE = 2.0  # seconds that a worker gets to end its bots


class Processes:
    """`size` processes that call `play`. The host must have no threads when it makes this, or calls `start`.

    A worker dies with the host, and its bots with it, even when the host is killed with SIGKILL. A worker that dies
    under a match is replaced, and the match comes back as a host error.
    """

    def __init__(self, size: int, play: Play) -> None:
        self.size = size
        self._play = play
        self._context = multiprocessing.get_context("fork")
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Assignment]] = {}
        for _ in range(size):
            self._idle.append(self._new())

    def _new(self) -> _Worker:
        others = [worker.pipe for worker in self._idle] + list(self._busy)
        return _Worker(self._context, self._play, tuple(others))

    def start(self, assignment: Assignment) -> None:
        """Hand a match to an idle worker."""
        worker = self._idle.pop()
        try:
            worker.pipe.send(assignment)
        except OSError:  # it died while it was idle
            worker.kill()
            worker = self._new()
            worker.pipe.send(assignment)
        self._busy[worker.pipe] = (worker, assignment)

    def wait(self, seconds: float) -> list[tuple[Assignment, Played]]:
        """What came back."""
        ended = []
        for pipe in wait(list(self._busy), seconds) if self._busy else []:
            assert isinstance(pipe, Connection)
            worker, assignment = self._busy.pop(pipe)
            try:
                played = pipe.recv()
                self._idle.append(worker)
            except (EOFError, OSError):
                worker.kill()
                played = Played(host_error=f"the worker process died ({worker.ending()})")
                self._idle.append(self._new())
            ended.append((assignment, played))
        return ended

    def close(self) -> None:
        """End all workers."""
        workers = self._idle + [worker for worker, _ in self._busy.values()]
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_PATIENCE)
            worker.kill()
        self._idle, self._busy = [], {}


class _Worker:
    """One process and the host's end of its pipe."""

    def __init__(self, context: Any, play: Play, others: tuple[Connection, ...]) -> None:
        self.pipe, theirs = context.Pipe()
        arguments = (os.getpid(), theirs, play, (*others, self.pipe))
        self.process = context.Process(target=_work, args=arguments, daemon=False)
        sys.stdout.flush()
        sys.stderr.flush()
        self.process.start()
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


def _work(host: int, pipe: Connection, play: Play, others: tuple[Connection, ...]) -> None:
    """Play what comes through the pipe until it closes."""
    die_with(host)
    for other in others:
        other.close()
    one_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to everybody; the host decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that bots are ended on the way out
    while True:
        try:
            assignment = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(guarded(play, assignment))


def one_thread() -> None:
    """Workers are as many as there are processors: more threads in each would only be in each other's way."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def guarded(play: Play, assignment: Assignment) -> Played:
    """Play; whatever goes wrong in the host's own code is a host error, never a bot's loss."""
    try:
        return play(assignment)
    except Exception as error:
        what = traceback.format_exception_only(error)[-1].strip()
        return Played(host_error=f"{what} (at {_where(error)})")


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies (Linux). Ends it at once where that has happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
