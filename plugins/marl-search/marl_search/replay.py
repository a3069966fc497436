"""The positions that are learned from: a ring of the newest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.types import Array

COLUMNS = ("observation", "mask", "policy", "value")


class Replay:
    """At most `capacity` positions, as columns (see `marl_search.self_play.Examples`)."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.columns: dict[str, Array] = {}
        self.count = self._next = 0

    def __len__(self) -> int:
        return self.count

    def add(self, columns: Mapping[str, Array]) -> None:
        """The newest positions; the oldest go where there is no room."""
        new = {name: columns[name][-self.capacity :] for name in COLUMNS}
        size = len(new["value"])
        for name, column in new.items():
            if name not in self.columns:
                self.columns[name] = np.zeros((self.capacity, *column.shape[1:]), dtype=column.dtype)
        where = (self._next + np.arange(size)) % self.capacity
        for name, column in new.items():
            self.columns[name][where] = column
        self._next, self.count = int((self._next + size) % self.capacity), min(self.capacity, self.count + size)

    def draw(self, count: int, seed: int) -> dict[str, Array]:
        """`count` positions, each drawn from all alike."""
        index = np.random.default_rng(seed).integers(self.count, size=count)
        return {name: column[index] for name, column in self.columns.items()}

    def save(self) -> dict[str, Array]:
        """All positions, oldest first."""
        oldest = self._next if self.count == self.capacity else 0
        index = (oldest + np.arange(self.count)) % self.capacity
        return {name: column[index] for name, column in self.columns.items()}

    def load(self, saved: Mapping[str, Array]) -> None:
        """What `save` gave."""
        self.columns, self.count, self._next = {}, 0, 0
        if saved:
            self.add(saved)
