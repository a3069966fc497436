"""Where on this host control groups can be made: found by reading /proc, believed only after trying."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from league.sandbox import owners


@dataclass(frozen=True)
class Place:
    """A folder under which groups can be made, and its version (1 or 2)."""

    base: Path
    version: int


@dataclass(frozen=True)
class Layout:
    """Which hierarchy serves which purpose; None where none does."""

    memory: Place | None
    pids: Place | None
    cpu: Place | None
    usage: Place | None
    """Where processor time is counted."""
    freezer: Place | None

    def bases(self) -> tuple[Path, ...]:
        """The folders to make a group in, each once."""
        places = (self.memory, self.pids, self.cpu, self.usage, self.freezer)
        return tuple(dict.fromkeys(place.base for place in places if place is not None))

    def phrases(self) -> tuple[str, ...]:
        """What this holds, for a probe."""
        names = (
            ("memory of the whole tree", self.memory),
            ("processes of the whole tree", self.pids),
            ("processors of the whole tree", self.cpu),
            ("freezing of the whole tree", self.freezer),
        )
        return tuple(f"{phrase} (cgroup v{place.version})" for phrase, place in names if place is not None)


_found: dict[int, Layout | None] = {}


def layout() -> Layout | None:
    """What can be used here, tried once per process; None when nothing can."""
    pid = os.getpid()
    if pid not in _found:
        _found.clear()
        found = _read()
        _found[pid] = found if found.bases() else None
        if found.bases():
            _sweep(found)
    return _found[pid]


def _read() -> Layout:
    ones, two = _hierarchies()
    usable = {name: place for name, place in ones.items() if _works(place)}
    unified = _unified(two) if two is not None else None
    core = Place(unified[0], 2) if unified else None
    if unified:
        for name in unified[1]:
            usable.setdefault(name, Place(unified[0], 2))
    freezer = core if core and (core.base / "cgroup.procs").exists() else usable.get("freezer")
    return Layout(usable.get("memory"), usable.get("pids"), usable.get("cpu"), usable.get("cpuacct") or core, freezer)


def _hierarchies() -> tuple[dict[str, Place], tuple[Path, Path] | None]:
    """Version 1's folders by controller, and version 2's (mount point, own folder), of this process."""
    mounts: dict[str, tuple[str, str]] = {}
    for line in _lines("/proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        root, point = left.split()[3:5]
        kind, _, options = [*right.split(), "", "", ""][:3]
        if kind == "cgroup2":
            mounts[""] = (root, point)
        elif kind == "cgroup":
            mounts.update(dict.fromkeys(options.split(","), (root, point)))
    ones: dict[str, Place] = {}
    two: tuple[Path, Path] | None = None
    for line in _lines("/proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in mounts:
                root, point = mounts[controller]
                own = Path(point) / os.path.relpath(path, root) if path.startswith(root) else Path(point)
                own = own if own.is_dir() else Path(point)
                if controller:
                    ones[controller] = Place(Path(os.path.normpath(own)), 1)
                else:
                    two = Path(point), Path(os.path.normpath(own))
    return {name: place for name, place in ones.items() if name in _WANTED}, two


PREFIX = "marl-"
_WANTED = ("memory", "pids", "cpu", "cpuacct", "freezer")


def _unified(two: tuple[Path, Path]) -> tuple[Path, frozenset[str]] | None:
    """The nearest folder upwards of our own under which groups work, with most controllers."""
    point, own = two
    best: tuple[Path, frozenset[str]] | None = None
    for folder in [own, *own.parents]:
        if not folder.is_relative_to(point):
            break
        wanted = set(_text(folder / "cgroup.controllers").split()) & set(_WANTED)
        for controller in wanted - set(_text(folder / "cgroup.subtree_control").split()):
            with contextlib.suppress(OSError):  # refused where processes live in the folder itself
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
        enabled = frozenset(set(_text(folder / "cgroup.subtree_control").split()) & set(_WANTED))
        if (best is None or len(enabled) > len(best[1])) and _works(Place(folder, 2)):
            best = folder, enabled
        if best and {"memory", "pids"} <= best[1]:
            break
    return best


def _works(place: Place) -> bool:
    """Make a group, put a process in, take both away."""
    folder = place.base / (PREFIX + owners.name())
    try:
        folder.mkdir()
    except OSError:
        return False
    process = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        (folder / "cgroup.procs").write_text(str(process.pid))
        return str(process.pid) in _text(folder / "cgroup.procs").split()
    except OSError:
        return False
    finally:
        process.kill()
        process.communicate()
        with contextlib.suppress(OSError):
            folder.rmdir()


def _sweep(found: Layout) -> None:
    """Take away the empty groups of hosts that were killed."""
    abandoned = owners.abandoned()
    for base in found.bases():
        for folder in base.glob(f"{PREFIX}*"):
            if abandoned(folder.name.removeprefix(PREFIX)):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _lines(path: str) -> list[str]:
    return _text(Path(path)).splitlines()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
