"""How a bubblewrap sandbox is furnished: the arguments that say what a bot finds inside."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from league.sandbox import proc
from league.sandbox.command import INSIDE, SYSTEM, Program
from league.sandbox.limits import Limits

_DEVICES = ("null", "zero", "random", "urandom")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "shm": "/tmp",
}


def contents(limits: Limits) -> dict[str, bytes]:
    """The files that are made for a bot: in /etc and in /proc, enough to run programs, and nothing about the host."""
    return {**_etc(), **proc.contents(limits)}


def arguments(program: Program, folder: Path, limits: Limits, files: Mapping[str, int]) -> list[str]:
    """What bubblewrap is to do. `files`: the descriptors from which `contents` are read, by path."""
    line = [*_namespaces(), *_system(), *_devices(), "--proc", "/proc", *proc.covers()]
    for path, descriptor in files.items():
        line += ["--ro-bind-data", str(descriptor), path]
    line += ["--remount-ro", "/proc", "--perms", "0700", "--size", str(limits.files_mb << 20), "--tmpfs", "/tmp"]
    line += ["--ro-bind", str(folder.absolute()), INSIDE, "--chdir", INSIDE]
    line += _interpreter(program.prefixes)
    # The kernel tells nobody how much memory there is, so Java must be told.
    line += ["--setenv", "JAVA_TOOL_OPTIONS", f"-XX:MaxRAM={limits.memory_mb}m"]
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
    for path in (
        Path("/etc/alternatives"),
        *sorted(Path("/etc").glob("java-*-openjdk")),
    ):  # Debian's links, Java's settings
        line += ["--ro-bind-try", str(path), str(path)]
    return tuple(line)


@cache
def _etc() -> dict[str, bytes]:
    libraries = Path("/etc/ld.so.cache")
    return {
        "/etc/passwd": b"bot:x:1000:1000:bot:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        "/etc/group": b"bot:x:1000:\nnogroup:x:65534:\n",
        "/etc/hosts": b"127.0.0.1 localhost bot\n::1 localhost\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
        "/etc/ld.so.cache": libraries.read_bytes() if libraries.is_file() else b"",
    }


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
    for name, target in _LINKS.items():
        line += ["--symlink", target, f"/dev/{name}"]
    return tuple(line)


def _private_devices() -> Path | None:
    """A folder of device nodes that belong to nobody, made once per boot; None where they cannot be made."""
    final = Path("/dev/marl-devices")
    try:
        if not final.is_dir():
            made = Path(tempfile.mkdtemp(prefix=".marl-devices-", dir="/dev"))
            for name in _DEVICES:
                node = made / name
                os.mknod(node, stat.S_IFCHR, os.stat(f"/dev/{name}").st_rdev)  # noqa: PTH116
                node.chmod(0o666)
                os.chown(node, _NOBODY, _NOBODY)
            made.chmod(0o755)
            made.rename(final)
    except OSError:
        pass  # somebody else made it just now, or nobody can
    return final if all((final / name).exists() for name in _DEVICES) else None


_NOBODY = 65534
