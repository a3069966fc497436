"""Inside a worker process: take an item, do it, give back what came of it, until nobody asks any more."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from league.work.pool import Failure, attempt

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Said:
    """Something that the work tells while it goes on."""

    text: object


class _Voice:
    """Tells about one item while it is worked on; a thread that outlives it is not heard any more."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._lock, self._open = pipe, threading.Lock(), True

    def __call__(self, text: object) -> None:
        with self._lock:
            if self._open:
                self._pipe.send(Said(text))

    def end(self, result: Any, failure: Failure | None) -> None:
        """The last word. What cannot be sent is a failure of the work."""
        with self._lock:
            self._open = False
            try:
                self._pipe.send((result, failure))
            except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
                self._pipe.send((None, Failure.of(error).packed()))


def serve(host: int, pipe: Connection, work: Any, others: tuple[Connection, ...]) -> None:
    """Do what comes through the pipe until it closes."""
    die_with(host)
    for other in others:
        other.close()
    one_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to everybody; the host decides
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is ended on the way out
    while True:
        try:
            item = pipe.recv()
        except (EOFError, OSError):
            return
        voice = _Voice(pipe)
        ended = attempt(work, item, voice)
        voice.end(ended.result, ended.failure.packed() if ended.failure is not None else None)


def one_thread() -> None:
    """Workers are as many as there are processors: more threads in each would only be in each other's way."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies (Linux). Ends it at once where that has happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
