"""The watchman: looks at the trees every now and then and ends those that use more than they may."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

from league.sandbox.child import Child
from league.sandbox.tree import usage

if TYPE_CHECKING:
    from league.sandbox.limits import Limits

PERIOD = 0.05
"""Seconds between two looks at a tree that no cgroup holds; processor time is looked at every fifth time."""

_watched: dict[int, tuple[weakref.ref[Child], Limits]] = {}
_lock = threading.Lock()
_started: set[int] = set()


def watch(child: Child, limits: Limits) -> None:
    """Watch a child until it ends."""
    with _lock:
        if os.getpid() not in _started:
            _started.clear()
            _watched.clear()
            _started.add(os.getpid())
            threading.Thread(target=_rounds, name="marl-watch", daemon=True).start()
        _watched[id(child)] = weakref.ref(child), limits


def _rounds() -> None:
    turn = 0
    while True:
        time.sleep(PERIOD)
        turn += 1
        with _lock:
            now = list(_watched.items())
        for key, (reference, limits) in now:
            child = reference()
            if child is None or child.exit is not None:
                with _lock:
                    _watched.pop(key, None)
            else:
                _look(child, limits, turn)
            del child


def _look(child: Child, limits: Limits, turn: int) -> None:
    group = child.group
    if turn % 5 == 0 and group is not None and (group.cpu_seconds() or 0) > limits.cpu_seconds:
        child.end("cpu time used up")
    if group is not None and group.memory is not None and group.pids is not None:
        return
    members = child.tree.members()
    if len(members) > limits.processes:
        child.end("too many processes")
    elif usage(members, limits.memory_mb << 20) > limits.memory_mb << 20:
        child.end("out of memory")
