"""Bounded logs: one thread per host empties the standard errors of all bots."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
from pathlib import Path

from marl.printable import printable

_PATIENCE = 16 << 20
"""Bytes that are read and thrown away once a log is full. A bot that writes on then waits at its own full pipe."""


class Log:
    """The reading end of a bot's standard error, and the file that keeps the first `most` bytes of it."""

    def __init__(self, pipe: int, path: Path, most: int) -> None:
        self._pipe = pipe
        self._path = path
        self._left = most
        self._most = most
        self._patience = _PATIENCE
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o644)
        self._lock = threading.Lock()
        self._open = True
        os.set_blocking(pipe, False)

    def fileno(self) -> int:
        """Our end of the pipe, to wait for."""
        return self._pipe

    def pump(self) -> bool:
        """Move what is there. Returns whether more may come."""
        with self._lock:
            return self._open and self._pump()

    def tail(self) -> str:
        """The last line that was kept."""
        self.pump()
        lines = self._path.read_text(errors="replace").strip().splitlines() if self._path.is_file() else []
        return printable(lines[-1]) if lines else "it said nothing"

    def close(self) -> None:
        """Move what is left, and close both ends."""
        _drain.remove(self)
        with self._lock:
            if self._open:
                self._pump()
                self._open = False
                os.close(self._pipe)
                os.close(self._file)

    def _pump(self) -> bool:
        for _ in range(16):  # a bot that floods must not keep the thread from the others
            try:
                chunk = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._keep(chunk)
            if self._patience <= 0:
                return False
        return True

    def _keep(self, chunk: bytes) -> None:
        if self._left <= 0:
            self._patience -= len(chunk)
            return
        kept = chunk[: self._left]
        self._left -= len(kept)
        with contextlib.suppress(OSError):  # a full disk must not stop the match
            os.write(self._file, kept)
            if not self._left:
                os.write(self._file, b"\n[the log ends here: only its first %d bytes are kept]\n" % self._most)


class _Drain:
    """The thread, and who it listens to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selector: selectors.BaseSelector | None = None

    def add(self, log: Log) -> None:
        with self._lock:
            if self._selector is None:
                self._selector = selectors.DefaultSelector()  # epoll: registering wakes nobody, but is seen at once
                self._selector.register(os.pipe()[0], selectors.EVENT_READ)  # a pipe that never speaks: never empty
                threading.Thread(target=self._work, args=(self._selector,), name="marl-logs", daemon=True).start()
            self._selector.register(log, selectors.EVENT_READ, log)

    def remove(self, log: Log) -> None:
        with self._lock, contextlib.suppress(KeyError, ValueError):
            if self._selector is not None:
                self._selector.unregister(log)

    def _work(self, selector: selectors.BaseSelector) -> None:
        while True:
            try:
                ready = selector.select()
            except (OSError, RuntimeError):  # the table changed under us
                continue
            for key, _ in ready:
                if isinstance(key.data, Log) and not key.data.pump():
                    self.remove(key.data)


_drain = _Drain()
add = _drain.add


def _after_fork() -> None:
    global _drain, add
    _drain = _Drain()
    add = _drain.add


os.register_at_fork(after_in_child=_after_fork)
