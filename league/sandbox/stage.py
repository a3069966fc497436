"""Copies of bots' folders under names that say nothing: a bot sees in /proc/self/mountinfo what was mounted on /bot.

A copy is made once per process and version of a folder, in memory if it is small, and lasts as long as the process.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from league.sandbox import owners

_SMALL, _LARGE, _MANY = 4 << 20, 256 << 20, 4000  # bytes kept in memory, bytes copied at all, files copied at all
_PREFIX = "marl-bot-"
_MEMORY = Path("/dev/shm")

_Seen: TypeAlias = tuple[tuple[str, int, int, int, int], ...]


@dataclass
class _Stage:
    """The copies of one process."""

    pid: int
    homes: dict[Path, Path] = field(default_factory=dict)
    copies: dict[Path, tuple[_Seen, Path]] = field(default_factory=dict)

    def place(self, folder: Path) -> Path:
        seen, size = _look(folder)
        if folder not in self.copies or self.copies[folder][0] != seen:
            made = Path(tempfile.mkdtemp(dir=self._home(size), prefix=""), "bot")
            shutil.copytree(folder, made, symlinks=True, ignore=_odd)
            self.copies[folder] = seen, made
        return self.copies[folder][1]

    def _home(self, size: int) -> Path:
        small = size <= _SMALL and _fits(_MEMORY) and shutil.disk_usage(_MEMORY).free > 4 * _SMALL
        root = _MEMORY if small else Path(tempfile.gettempdir())
        if not _fits(root):
            raise OSError(f"nothing may be executed in {root}")
        if root not in self.homes:
            self.homes[root] = root / (_PREFIX + owners.name())
            self.homes[root].mkdir(mode=0o700)
        return self.homes[root]

    def clear(self) -> None:
        if self.pid == os.getpid():  # what a fork inherits belongs to its parent
            for home in self.homes.values():
                shutil.rmtree(home, ignore_errors=True)
            self.homes, self.copies = {}, {}


_lock = Lock()
_stages: list[_Stage] = []


def staged(folder: Path) -> Path:
    """A copy of `folder` to mount; the folder itself where it is too large, or cannot be read."""
    with _lock:
        if not _stages or _stages[0].pid != os.getpid():
            _stages[:] = [_new()]
        try:
            return _stages[0].place(folder)
        except (OSError, shutil.Error, OverflowError):
            return folder


def _new() -> _Stage:
    _sweep()
    stage = _Stage(os.getpid())
    atexit.register(stage.clear)
    Finalize(None, stage.clear, exitpriority=0)  # processes of multiprocessing know no atexit
    return stage


def _look(folder: Path) -> tuple[_Seen, int]:
    """What would change if a file did, and the size of all. Raises OverflowError where it is too much to copy."""
    seen, size = [], 0
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)  # noqa: PTH118 - many files, at every start
            found = os.lstat(path)
            size += found.st_size if stat.S_ISREG(found.st_mode) else 0
            seen.append((path, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
            if len(seen) > _MANY or size > _LARGE:
                raise OverflowError
    return (*seen, ("", folder.stat().st_mode, 0, 0, 0)), size


def _fits(root: Path) -> bool:
    """Whether copies may lie there. Mounts keep `noexec`, and a bot's own program could not be started."""
    return os.access(root, os.W_OK) and not os.statvfs(root).f_flag & os.ST_NOEXEC


def _odd(place: str, names: list[str]) -> list[str]:
    """What is no file, folder or link: nothing that can be copied."""
    modes = {name: os.lstat(os.path.join(place, name)).st_mode for name in names}  # noqa: PTH118
    return [
        name for name, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))
    ]


def _sweep() -> None:
    """Remove what killed hosts left."""
    abandoned = owners.abandoned()
    for root in {_MEMORY, Path(tempfile.gettempdir())}:
        with contextlib.suppress(OSError):
            for left in root.glob(f"{_PREFIX}*"):
                if abandoned(left.name.removeprefix(_PREFIX)) and left.stat().st_uid == os.getuid():
                    shutil.rmtree(left, ignore_errors=True)
