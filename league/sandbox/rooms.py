"""How a bubblewrap sandbox is furnished: the arguments that say what a bot finds inside."""

from __future__ import annotations

import os
import stat
import tempfile
from functools import cache
from pathlib import Path

from league.sandbox.base import Limits
from league.sandbox.command import INSIDE, SYSTEM, Program

_DEVICES = ("null", "zero", "random", "urandom")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "shm": "/tmp",
}


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
    return (*line, "--ro-bind-try", "/etc/alternatives", "/etc/alternatives")


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
    if source is not None:
        return ("--dev-bind", str(source), "/dev")
    line: list[str] = []
    for name in _DEVICES:
        line += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, target in _LINKS.items():
        line += ["--symlink", target, f"/dev/{name}"]
    return tuple(line)


def _private_devices() -> Path | None:
    """A folder of device nodes that belong to nobody, made once per boot; None where they cannot be made."""
    final = Path("/dev/marl-sandbox")
    try:
        if not final.is_dir():
            made = Path(tempfile.mkdtemp(prefix=".marl-sandbox-", dir="/dev"))
            for name in _DEVICES:
                node = made / name
                os.mknod(node, stat.S_IFCHR, os.stat(f"/dev/{name}").st_rdev)  # noqa: PTH116
                node.chmod(0o666)
                os.chown(node, _NOBODY, _NOBODY)
            for name, target in _LINKS.items():
                (made / name).symlink_to(target)
                os.chown(made / name, _NOBODY, _NOBODY, follow_symlinks=False)
            made.chmod(0o755)
            os.chown(made, _NOBODY, _NOBODY)
            made.rename(final)
    except OSError:
        pass  # somebody else made it just now, or nobody can
    return final if final.is_dir() and final.stat().st_uid == _NOBODY else None


_NOBODY = 65534
