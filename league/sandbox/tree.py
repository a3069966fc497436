"""Whole trees of processes: who is in one, and how it is stopped, resumed and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

COOKIE = "MARL_SANDBOX"
"""The environment variable by which processes that left their session are recognised, where nothing better holds."""


class Tree(Protocol):
    """The processes of one bot."""

    def members(self) -> list[int]:
        """Their pids, as far as they can be found."""

    def stop(self) -> None:
        """Stop them all."""

    def resume(self) -> None:
        """Let them all go on."""

    def kill(self) -> None:
        """Kill them all. May be called again."""


class Namespace:
    """A pid namespace, known by its first process: nobody can leave it, and nobody in it survives that one."""

    def __init__(self, init: int) -> None:
        self.init = init
        self._handle = os.pidfd_open(init)

    def members(self) -> list[int]:
        """All below the first process, and itself."""
        return descendants(self.init)

    def stop(self) -> None:
        """Stop them all, those that are born meanwhile too."""
        _stop_all(self.members)

    def resume(self) -> None:
        """Let them all go on."""
        _signal(self.members(), signal.SIGCONT)

    def kill(self) -> None:
        """Kill the first process; the kernel ends all others with it."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def alive(self) -> bool:
        """Whether its first process is there still."""
        try:
            signal.pidfd_send_signal(self._handle, 0)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        """Give the handle back, once the namespace is gone."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Session:
    """A process group, its leader's descendants, and whoever carries the cookie. A bot that means to can escape."""

    def __init__(self, leader: int, cookie: str = "") -> None:
        self.leader = leader
        self._cookie = f"{COOKIE}={cookie}".encode() if cookie else b""

    def members(self) -> list[int]:
        """The leader, and all below it."""
        return [self.leader, *descendants(self.leader)]

    def stop(self) -> None:
        """Stop them all, those that are born meanwhile too."""
        self._group(signal.SIGSTOP)
        _stop_all(lambda: descendants(self.leader))

    def resume(self) -> None:
        """Let them all go on."""
        _signal(descendants(self.leader), signal.SIGCONT)
        self._group(signal.SIGCONT)

    def kill(self) -> None:
        """Kill them all; who carries the cookie is looked for until nobody is found."""
        found = descendants(self.leader)
        self._group(signal.SIGKILL)
        _signal(found, signal.SIGKILL)
        for _ in range(20 if self._cookie else 0):
            strays = _carriers(self._cookie)
            if not strays:
                break
            _signal(strays, signal.SIGKILL)
            time.sleep(0.001)

    def _group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.leader, number)


def descendants(root: int) -> list[int]:
    """The pids below `root`, by the kernel's lists of children."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        for pid in _children(waiting.pop()):
            found.append(pid)
            waiting.append(pid)
    return found


def usage(pids: list[int], enough: int) -> int:
    """The memory of processes together, in bytes: an upper bound, or exact where the bound is above `enough`."""
    bound = sum(_resident(pid, "status", ("RssAnon:", "RssShmem:")) for pid in pids)
    if bound <= enough:
        return bound
    # Pages that they share count for each of them above, and once in their proportional sizes.
    exact = [_resident(pid, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) for pid in pids]
    return sum(exact) if any(exact) else bound


def _resident(pid: int, file: str, fields: tuple[str, ...]) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(fields):
                total += int(line.split()[1]) * 1024
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:  # noqa: PTH123 - this is the fast path
                found += map(int, file.read().split())
    except OSError:  # it ended meanwhile
        pass
    return found


def _stop_all(members: Callable[[], list[int]]) -> None:
    """Stop until a look finds nobody new: a process may fork between the look and the signal."""
    stopped: set[int] = set()
    for _ in range(50):
        fresh = [pid for pid in members() if pid not in stopped]
        if not fresh:
            return
        _signal(fresh, signal.SIGSTOP)
        stopped.update(fresh)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _carriers(cookie: bytes) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if cookie in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    found.append(int(entry))
    return found
