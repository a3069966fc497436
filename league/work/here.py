"""The pool that is no other process: items are done one at a time, by whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic

from league.work.pool import Ended, Item, Result, Work, attempt, unheard


class Here(Generic[Item, Result]):
    """Does an item when it is waited for. `heard(item, said)` is told what the work tells, at once."""

    size = 1

    def __init__(self, work: Work[Item, Result], heard: Callable[[Item, object], None] = unheard) -> None:
        self._work, self._heard = work, heard
        self._due: list[Item] = []

    def start(self, item: Item) -> None:
        """Put it aside until somebody waits."""
        self._due.append(item)

    def wait(self, seconds: float) -> list[Ended[Item, Result]]:
        """Do what was put aside, however long that takes."""
        if not self._due:
            return []
        item = self._due.pop(0)
        return [attempt(self._work, item, partial(self._heard, item))]

    def close(self) -> None:
        """Forget what was not begun."""
        self._due = []
