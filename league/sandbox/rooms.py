"""How a bubblewrap sandbox is furnished: the arguments that say what a bot finds inside."""

from __future__ import annotations

import os
import stat
import tempfile
from functools import cache
from pathlib import Path

from league.sandbox.base import Limits
from league.sandbox.command import INSIDE, SYSTEM, Program

_DEVICES = ("null", "zero", "full", "random", "urandom")


def arguments(program: Program, folder: Path, limits: Limits) -> list[str]:
    """Everything between `bwrap` and the command, but for descriptors."""
    line = [*_namespaces(), *_system(), *_devices(), "--proc", "/proc", "--remount-ro", "/proc"]
    line += [
        "--perms",
        "0700",
        "--size",
        str(limits.files_mb << 20),
        "--tmpfs",
        "/tmp",
        "--symlink",
        "/tmp",
        "/dev/shm",
    ]
    line += ["--ro-bind", str(folder.absolute()), INSIDE, "--chdir", INSIDE]
    line += _interpreter(program.prefixes)
    return [*line, "--setenv", "PATH", program.path, "--remount-ro", "/"]


@cache
def _namespaces() -> tuple[str, ...]:
    spaces = ("user", "ipc", "pid", "net", "uts")
    apart = [*(f"--unshare-{space}" for space in spaces), "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000"]
    leash = ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "bot"]
    return (*apart, *leash, "--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8")


@cache
def _system() -> tuple[str, ...]:
    line: list[str] = []
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            line += ["--ro-bind", str(path), str(path)]
    for name in ("ld.so.cache", "alternatives", "localtime"):
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return tuple(line)


def _interpreter(prefixes: tuple[Path, ...]) -> list[str]:
    """Installations outside of the system, at their own places, under parents that cannot be listed."""
    line: list[str] = []
    made: set[Path] = set()
    for prefix in sorted(prefixes):
        for parent in reversed(prefix.parents[:-1]):
            inside = any(parent.is_relative_to(other) for other in prefixes)
            if parent not in made and not inside and str(parent) not in ("/tmp", *SYSTEM):
                line += ["--perms", "0111", "--dir", str(parent)]
                made.add(parent)
        line += ["--ro-bind", str(prefix), str(prefix)]
    return line


@cache
def _devices() -> tuple[str, ...]:
    """The harmless devices. Root's own would belong to the bot (its user is root's outside), so it gets others."""
    source = _private_devices() if os.getuid() == 0 else None
    line: list[str] = []
    for name in _DEVICES:
        line += ["--dev-bind", str((source or Path("/dev")) / name), f"/dev/{name}"]
    links = {
        "fd": "/proc/self/fd",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }
    for name, target in links.items():
        line += ["--symlink", target, f"/dev/{name}"]
    return tuple(line)


def _private_devices() -> Path | None:
    """Device nodes that belong to nobody, made once per machine; None where they cannot be made."""
    final = Path("/dev/marl-sandbox")
    if final.is_dir() and final.stat().st_uid == 0:
        return final
    try:
        made = Path(tempfile.mkdtemp(prefix=".marl-sandbox-", dir="/dev"))
        for name in _DEVICES:
            node = made / name
            os.mknod(node, 0o666 | stat.S_IFCHR, os.stat(f"/dev/{name}").st_rdev)  # noqa: PTH116
            node.chmod(0o666)
            os.chown(node, 65534, 65534)
        made.chmod(0o755)
        made.rename(final)
    except OSError:
        return final if final.is_dir() else None
    return final
