"""A bounded, uniform sample of a stream of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl import rng
from marl.types import Array


class Reservoir:
    """At most `capacity` rows, in columns; whatever came, each row that ever came is among them with equal chance.

    Source: Vitter, "Random sampling with a reservoir", ACM TOMS 11 (1985), algorithm R: row n (from 0) takes a place
    that is drawn from n + 1, if there is such a place. What is drawn follows from `seed` and n alone, so rows may come
    in batches of any size. `seen`: how many have come.
    """

    def __init__(self, capacity: int, seed: int) -> None:
        self.capacity, self.seed, self.seen = capacity, seed, 0
        self._columns: dict[str, Array] = {}

    def __len__(self) -> int:
        return min(self.seen, self.capacity)

    @property
    def columns(self) -> dict[str, Array]:
        """What is kept: arrays `[len(self), ...]`, none before the first row."""
        return {name: column[: len(self)] for name, column in self._columns.items()}

    def add(self, rows: Mapping[str, Array]) -> None:
        """Further rows: columns `[K, ...]`, of the same names as before."""
        count = len(next(iter(rows.values())))
        number = self.seen + np.arange(count)
        drawn = rng.integers(rng.mix(self.seed, number), number + 1)
        place = np.where(number < self.capacity, number, drawn)
        kept = np.flatnonzero(place < self.capacity)
        _, last = np.unique(place[kept][::-1], return_index=True)
        kept = kept[::-1][last]  # of rows of this batch that take the same place, the last
        self._make_room(min(self.capacity, self.seen + count), rows)
        for name, column in rows.items():
            self._columns[name][place[kept]] = column[kept]
        self.seen += count

    def save(self) -> dict[str, Array]:
        """All rows, in their places; `seen` goes beside them."""
        return {name: column.copy() for name, column in self.columns.items()}

    def load(self, rows: Mapping[str, Array], seen: int) -> None:
        """What `save` gave, after so many rows had come."""
        self.seen, self._columns = seen, {name: np.array(column) for name, column in rows.items()}

    def _make_room(self, rows: int, like: Mapping[str, Array]) -> None:
        there = len(next(iter(self._columns.values()))) if self._columns else 0
        if rows <= there and self._columns:
            return
        room = min(self.capacity, max(rows, 2 * there))
        for name, column in like.items():
            grown = np.zeros((room, *column.shape[1:]), dtype=column.dtype)
            if there:
                grown[:there] = self._columns[name]
            self._columns[name] = grown
