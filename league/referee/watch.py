"""Waiting for many processes at once, fairly: whose descriptor is ready, and when that was."""

from __future__ import annotations

import contextlib
import math
import select
from time import perf_counter

from league.referee.live import Live

_INSTANT = 20e-6  # seconds; a poll that returns sooner did not wait
_LONGEST = 3600.0  # seconds of one poll


class Watch:
    """The descriptors that matches in progress wait for. `alarm`: when to wake up at the latest (`perf_counter`)."""

    def __init__(self) -> None:
        self.alarm = math.inf
        self._poller = select.epoll()
        self._fds: dict[int, tuple[Live, int, int]] = {}
        self._looked = perf_counter()

    def add(self, fd: int, live: Live, side: int, writing: bool = False) -> None:
        """Wait until `fd` can be read (or written), on behalf of `side` of `live`."""
        if self._fds.get(fd) != (live, side, fd):
            self._fds[fd] = (live, side, fd)
            self._poller.register(fd, select.EPOLLOUT if writing else select.EPOLLIN)

    def forget(self, fd: int) -> None:
        """Wait for it no longer; it may be closed already."""
        if self._fds.pop(fd, None) is not None:
            with contextlib.suppress(OSError):
                self._poller.unregister(fd)

    def forget_match(self, live: Live, side: int | None = None) -> None:
        """Wait no longer for anything of this match, or of one side of it."""
        for fd in [fd for fd, (owner, who, _) in self._fds.items() if owner is live and side in (None, who)]:
            self.forget(fd)

    def wait(self) -> tuple[list[tuple[Live, int, int]], float, float]:
        """Wait until something is ready or the alarm rings: `(match, side, descriptor)` each, when it came, and now.

        If we had to wait, it came now. If not, it came while we were busy with others, and it is taken to have come
        when we last looked.
        """
        entered = perf_counter()
        patience = self.alarm - entered
        events = self._poller.poll(0 if patience < 0 else patience if patience < _LONGEST else _LONGEST)
        now = perf_counter()
        came = now if now - entered > _INSTANT else self._looked
        self._looked = now
        fds = self._fds
        return [fds[fd] for fd, _ in events], came, now

    def close(self) -> None:
        """Give back the poller."""
        self._poller.close()
