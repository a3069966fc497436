"""Control groups, version 1 or 2, where this process may make its own: limits that bind a whole tree."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from league.sandbox import owners
from league.sandbox.hierarchies import PREFIX, Layout, layout
from league.sandbox.limits import Limits

_lock = threading.Lock()


@dataclass(frozen=True)
class _Switch:
    """The file that freezes a group, and what to write to it."""

    descriptor: int
    frozen: bytes
    thawed: bytes


class Cgroup:
    """One bot's group. Made empty; `join` puts its first process in, and all that follow are born in it."""

    def __init__(self, where: Layout, limits: Limits) -> None:
        name = PREFIX + owners.name()  # a bot reads it in /proc/self/cgroup
        self._where = where
        self.folders = tuple(base / name for base in where.bases())
        self.memory = where.memory.base / name if where.memory else None
        self.pids = where.pids.base / name if where.pids else None
        self._cpu = where.usage.base / name if where.usage else None
        self._switch: _Switch | None = None
        try:
            for folder in self.folders:
                folder.mkdir()
            self._limit(limits)
            self._switch = self._open_switch(name)
        except OSError:
            self.remove()
            raise

    def join(self, pid: int) -> None:
        """Move a process in. Raises OSError where that fails."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def freeze(self) -> bool:
        """Freeze everybody in it, at once and in microseconds. False where this host has no freezer."""
        return self._turn(True)

    def thaw(self) -> bool:
        """Let everybody go on."""
        return self._turn(False)

    def kill(self) -> None:
        """Kill everybody in it, also those who fork meanwhile."""
        for folder in self.folders:
            if (folder / "cgroup.kill").exists():
                _write(folder / "cgroup.kill", "1")
                self.thaw()
                return
        for _ in range(50):
            self.freeze()
            members = self.members()
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.thaw()
            if not members:
                return
            time.sleep(0.001)

    def members(self) -> list[int]:
        """The pids of its processes."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                return [int(line) for line in (folder / "cgroup.procs").read_text().split()]
        return []

    def cpu_seconds(self) -> float | None:
        """Processor time that all of them have used, in seconds; None where nobody counts it."""
        if self._cpu is None:
            return None
        try:
            if (self._cpu / "cpuacct.usage").exists():
                return int((self._cpu / "cpuacct.usage").read_text()) / 1e9
            return _field(self._cpu / "cpu.stat", "usage_usec") / 1e6
        except (OSError, ValueError):
            return None

    def out_of_memory(self) -> bool:
        """Whether the kernel killed one of them for the group's memory limit."""
        if self.memory is None:
            return False
        events = self.memory / "memory.events"
        return _field(events if events.exists() else self.memory / "memory.oom_control", "oom_kill") > 0

    def remove(self) -> None:
        """Give it back once it is empty. May be called again; a group that is not empty yet is tried for a while."""
        if self._switch is not None:
            os.close(self._switch.descriptor)
            self._switch = None
        for folder in self.folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:  # its last processes are still being taken down
                    time.sleep(0.001)
                else:
                    break

    def _limit(self, limits: Limits) -> None:
        if self.memory is not None:
            size = str(limits.memory_mb << 20)
            if self._where.memory and self._where.memory.version == 2:
                _write(self.memory / "memory.max", size, must=True)
                _write(self.memory / "memory.swap.max", "0")
            else:
                _write(self.memory / "memory.limit_in_bytes", size, must=True)
                _write(self.memory / "memory.memsw.limit_in_bytes", size)
        if self.pids is not None:
            _write(self.pids / "pids.max", str(limits.processes + RESERVED), must=True)
        if self._where.cpu is not None:
            folder = self._where.cpu.base / self.folders[0].name
            if self._where.cpu.version == 2:
                _write(folder / "cpu.max", f"{int(limits.cpus * _PERIOD)} {_PERIOD}")
            else:
                _write(folder / "cpu.cfs_quota_us", str(int(limits.cpus * _PERIOD)))

    def _open_switch(self, name: str) -> _Switch | None:
        if self._where.freezer is None:
            return None
        folder = self._where.freezer.base / name
        if self._where.freezer.version == 2:
            return _Switch(os.open(folder / "cgroup.freeze", os.O_WRONLY | os.O_CLOEXEC), b"1", b"0")
        return _Switch(os.open(folder / "freezer.state", os.O_WRONLY | os.O_CLOEXEC), b"FROZEN", b"THAWED")

    def _turn(self, frozen: bool) -> bool:
        switch = self._switch
        if switch is None:
            return False
        try:
            os.write(switch.descriptor, switch.frozen if frozen else switch.thawed)
        except OSError:
            return False
        return True


RESERVED = 1
"""Processes of the sandbox itself (the first one of its pid namespace) that the bot does not pay for."""
_PERIOD = 100_000


def create(limits: Limits) -> Cgroup | None:
    """A group for one bot, or None where this host can make none."""
    with _lock:
        where = layout()
    if where is None:
        return None
    try:
        return Cgroup(where, limits)
    except OSError:
        return None


def holds() -> Layout | None:
    """What groups can do here, found out by making one and putting a process in."""
    with _lock:
        return layout()


def _write(path: Path, text: str, must: bool = False) -> None:
    try:
        path.write_text(text)
    except OSError:
        if must:
            raise


def _field(path: Path, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
