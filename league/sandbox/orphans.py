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

_MARK = "marl-sandbox-of"


def mark() -> str:
    """The name under which this process starts sandboxes: it says whose they are."""
    pid = os.getpid()
    return _mark(pid)


@cache
def _mark(pid: int) -> str:
    return f"{_MARK}:{pid}:{_began(pid)}"


@cache
def sweep(pid: int) -> int:
    """Once per process (`pid` is its own): kill what sandboxes of dead hosts left. Returns how many there were."""
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                name = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
                if name.startswith(f"{_MARK}:"):
                    _, owner, began = name.split(":")
                    if _began(int(owner)) != began:
                        os.kill(int(entry.name), signal.SIGKILL)
                        found += 1
    return found


def _began(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""
