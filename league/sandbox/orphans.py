"""What killed hosts leave behind: found by a mark in the command line, and ended by the next host that starts.

A host that dies in the very moment in which bubblewrap sets a sandbox up leaves a process of bubblewrap's own that
waits for ever (it hears of deaths only later). It runs nothing of the bot's, but it stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
from functools import cache
from pathlib import Path

from league.sandbox import owners

_MARK = "marl-sandbox-of:"


def mark() -> str:
    """A name under which this process may start a sandbox: it says whose it is, to those who may know."""
    return _MARK + owners.name()


@cache
def sweep(pid: int) -> int:
    """Once per process (`pid` is its own): kill what sandboxes of dead hosts left. Returns how many there were."""
    found = 0
    marked = dict(_marked())
    abandoned = owners.abandoned()
    for process, owner in marked.items():
        if abandoned(owner):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
                found += 1
    return found


def _marked() -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                name = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
                if name.startswith(_MARK):
                    found.append((int(entry.name), name.removeprefix(_MARK)))
    return found
