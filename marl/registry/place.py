"""The place of an error: the line of an author's own code that was running when it was raised."""

from __future__ import annotations

import dis
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import TracebackType

_HOST = {"marl", "league"}
_plugins: set[str] = set()  # the top-level packages of what plugins describe, in any registry of this process
_RAISE = dis.opmap["RAISE_VARARGS"]


def know(targets: Iterable[str]) -> None:
    """Packages of `targets`, "package.module:attribute", are authors' own, even where they are installed."""
    _plugins.update(target.partition(":")[0].partition(".")[0] for target in targets)


def place(trace: TracebackType | None) -> str:
    """The line to look at, as in "my_game.py, line 12": the last one of a plugin's package, or of somebody's own file.

    Where there is none, the last one of the host's own code; "" for an empty traceback. `trace` should begin below the
    host's frame that asked: `error.__traceback__.tb_next` where it was caught in the function that called the author.
    """
    frames = list(_frames(trace))
    theirs = [one for one in frames if _is_theirs(one)]
    ours = [one for one in frames if _package(one) in _HOST]
    for one in (theirs or ours or frames)[-1:]:
        return f"{Path(one.tb_frame.f_code.co_filename).name}, line {one.tb_lineno}"
    return ""


def at(trace: TracebackType | None) -> str:
    """`place`, as it stands in a sentence: " (my_game.py, line 12)", or ""."""
    found = place(trace)
    return f" ({found})" if found else ""


def deliberate(trace: TracebackType | None) -> bool:
    """Whether the error comes from a `raise` in an author's or the host's own code, and so is a sentence for people.

    A library's error, and one of a builtin (`int("x")`, an unpacking that does not fit), is an accident.
    """
    frames = list(_frames(trace))
    if not frames:
        return False
    last = frames[-1]
    own = _is_theirs(last) or _package(last) in _HOST
    return own and last.tb_frame.f_code.co_code[last.tb_lasti] == _RAISE


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _package(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_theirs(frame: TracebackType) -> bool:
    """Whether the line stands in a plugin, or in a file of somebody's own that is no installed library."""
    file, package = frame.tb_frame.f_code.co_filename, _package(frame)
    if package in _HOST or not Path(file).is_file():  # what dataclasses write stands in no file
        return False
    return package in _plugins or not _is_library(file, package)


@cache
def _is_library(file: str, package: str) -> bool:
    path = Path(file).resolve()
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return package in sys.stdlib_module_names or bool(installed) or path.is_relative_to(standard)
