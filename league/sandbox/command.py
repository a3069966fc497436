"""From a bot's command to what is executed: which program, and which folders of the host it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSIDE = "/bot"


@dataclass(frozen=True)
class Program:
    """A command as the sandbox executes it."""

    command: tuple[str, ...]
    prefixes: tuple[Path, ...]
    """Folders outside of the system that hold the interpreter: its installation, and its virtual environment."""
    path: str
    """PATH inside."""


def resolve(command: Sequence[str], folder: Path) -> Program:
    """Find a bot's program as the host would: in the bot's folder, in the system, or in the host's own PATH."""
    first, *rest = command
    if first.startswith(f"{folder}/"):
        return Program((INSIDE + first[len(str(folder)) :], *rest), (), PATH)
    if "/" in first and not first.startswith("/"):
        return Program((first, *rest), (), PATH)
    found = _which(first, os.environ.get("PATH", os.defpath))
    if found is None or _in_system(found):
        return Program((found or first, *rest), (), PATH)
    prefixes = _prefixes(Path(found))
    if not prefixes:
        return Program((first, *rest), (), PATH)
    return Program((found, *rest), prefixes, f"{Path(found).parent}:{PATH}")


@lru_cache(256)
def _which(name: str, path: str) -> str | None:
    found = shutil.which(name, path=path)
    return os.path.abspath(found) if found else None  # noqa: PTH100 - a virtual environment's link must stay one


def _in_system(path: str) -> bool:
    return os.path.realpath(path).startswith(tuple(f"{root}/" for root in SYSTEM)) and path.startswith(
        tuple(f"{root}/" for root in SYSTEM)
    )


@lru_cache(256)
def _prefixes(program: Path) -> tuple[Path, ...]:
    """The installations that a program outside of the system belongs to: `X` for `X/bin/program`, links followed.

    Nothing is given unless it is plainly an installation: `bin` and `lib` are also in `~/.local`, beside secrets.
    """
    found: list[Path] = []
    for place in (program, *_links(program)):
        prefix = place.parent.parent
        if _in_system(str(place)) or prefix in found:
            continue
        if place.parent.name != "bin" or not _is_installation(prefix):
            return ()
        found.append(prefix)
    return tuple(found)


def _is_installation(prefix: Path) -> bool:
    """Of Python (or a virtual environment), Node or Java."""
    marks = ("pyvenv.cfg", "lib/python3*/os.py", "include/node/node.h", "lib/modules")
    return any(next(prefix.glob(mark), None) is not None for mark in marks)


def _links(path: Path) -> list[Path]:
    """Where a link leads, step by step."""
    found: list[Path] = []
    while path.is_symlink() and len(found) < 16:
        path = Path(os.path.normpath(path.parent / path.readlink()))
        found.append(path)
    real = path.resolve()
    return found if real in found or real == path else [*found, real]
