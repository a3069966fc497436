"""The payoff table: the ledger's sums as growing arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from league.ledger import EXACT, PayoffRow
from marl.types import Bools, Floats


class Table:
    """Side `s`'s mean returns for every pairing. Players of a side are numbered in order of birth."""

    def __init__(self, sides: int) -> None:
        self.sides = sides
        self.sizes = [0] * sides
        self.known = 0  # pairings with a value
        self._place: dict[int, int] = {}  # player id -> its number on its side
        self._mean = np.full((sides, *[4] * sides), np.nan)
        self._count = np.zeros([4] * sides)

    def add_player(self, id: int, side: int) -> None:
        """Make room for a player."""
        self._place[id] = self.sizes[side]
        self.sizes[side] += 1
        capacity = self._count.shape
        if self.sizes[side] > capacity[side]:
            grown = tuple(2 * c if axis == side else c for axis, c in enumerate(capacity))
            mean, count = np.full((self.sides, *grown), np.nan), np.zeros(grown)
            old: Any = tuple(slice(c) for c in capacity)
            mean[(slice(None), *old)], count[old] = self._mean, self._count
            self._mean, self._count = mean, count

    def add(self, rows: Iterable[PayoffRow]) -> None:
        """Merge sums into the table; an exact value replaces everything else."""
        for row in rows:
            cell: Any = tuple(self._place[id] for id in row.pairing)
            where: Any = (slice(None), *cell)
            self.known += self._count[cell] == 0
            if row.count == EXACT:
                self._mean[where], self._count[cell] = row.mean, np.inf
            elif np.isfinite(self._count[cell]):
                before = self._count[cell]
                total = before + row.count
                old = np.where(before > 0, self._mean[where], 0.0)
                self._mean[where] = old + (np.array(row.mean) - old) * (row.count / total)
                self._count[cell] = total

    @property
    def means(self) -> tuple[Floats, ...]:
        """`S` arrays `[n_0, n_1, ...]`; NaN where nothing was played. Views: copy what must last."""
        inside: Any = tuple(slice(n) for n in self.sizes)
        return tuple(self._mean[(side, *inside)] for side in range(self.sides))

    @property
    def counts(self) -> Floats:
        """Matches behind each mean, `[n_0, n_1, ...]`; infinite where exact."""
        return self._count[tuple(slice(n) for n in self.sizes)]

    def missing(self) -> Bools:
        """The pairings that nobody has played, `bool[n_0, n_1, ...]`."""
        return np.asarray(self.counts == 0)
