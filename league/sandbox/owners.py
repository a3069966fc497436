"""Whose something is, in words that only this machine can read: a fresh name each time, which a later host can check.

Names of control groups, of folders and of bubblewrap's own process are seen by the bots inside. They must not tell
which sandboxes have the same host, or how many there were; yet what a killed host left behind must be known as such.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def name() -> str:
    """A new name that belongs to this process: 24 hexadecimal digits."""
    salt = secrets.token_hex(4)
    return salt + _digest(salt, os.getpid(), began(os.getpid()))


def abandoned() -> Callable[[str], bool]:
    """A test of names: whether no process that runs now is its owner. (False for what is no name at all.)"""
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208
    running = [(pid, began(pid)) for pid in pids]

    def test(name: str) -> bool:
        salt, digest = name[:8], name[8:]
        return len(digest) == _DIGITS and all(_digest(salt, pid, when) != digest for pid, when in running)

    return test


def began(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def _digest(salt: str, pid: int, when: str) -> str:
    return hashlib.sha256(f"{salt}:{pid}:{when}".encode()).hexdigest()[:_DIGITS]


_DIGITS = 16
