"""The payoff table while it grows: the ledger's sums as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from league.ledger import EXACT, PayoffRow
from league.payoffs import Payoffs
from league.view import Player
from marl.types import Bools, Ints


class Table:
    """Takes players and sums in; gives `Payoffs` out.

    Players of a side with the same snapshot share one row, that of the first: what was played once counts for all.
    `members`: per side, the first players of each snapshot with their ids, in order of birth.
    """

    def __init__(self, sides: int) -> None:
        self.sides = sides
        self.members: list[list[tuple[int, Player]]] = [[] for _ in range(sides)]
        self.known = 0  # pairings of different players with a value
        self._row: dict[int, int] = {}  # player id -> its row
        self._rows: list[list[int]] = [[] for _ in range(sides)]  # of every player, in order of birth
        self._snapshots: list[dict[str, int]] = [{} for _ in range(sides)]  # snapshot -> its row
        self._mean = np.full((sides, *[4] * sides), np.nan)
        self._m2 = np.zeros(self._mean.shape)
        self._count = np.zeros([4] * sides)

    def join(self, id: int, player: Player) -> None:
        """Make room for a player."""
        side, members = self._snapshots[player.side], self.members[player.side]
        row = side.setdefault(player.snapshot, len(members))
        self._row[id] = row
        self._rows[player.side].append(row)
        if row == len(members):
            members.append((id, player))
            if row == self._count.shape[player.side]:
                self._grow(player.side)

    def add(self, rows: Iterable[PayoffRow]) -> None:
        """Merge sums into the table (see `marl.arena.payoff`); an exact value replaces everything else."""
        for row in rows:
            cell: Any = tuple(self._row[id] for id in row.pairing)
            where: Any = (slice(None), *cell)
            before = self._count[cell]
            self.known += before == 0
            if row.count == EXACT:
                self._mean[where], self._m2[where], self._count[cell] = row.mean, 0.0, np.inf
            elif np.isfinite(before):
                total = before + row.count
                old = np.where(before > 0, self._mean[where], 0.0)
                delta = np.array(row.mean) - old
                self._mean[where] = old + delta * (row.count / total)
                self._m2[where] += row.m2 + delta**2 * (before * row.count / total)
                self._count[cell] = total

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many different players each side has."""
        return tuple(len(side) for side in self.members)

    @property
    def payoffs(self) -> Payoffs:
        """All payoffs as they stand. Views where all players are different: copy what must last."""
        rows = [np.array(rows, dtype=np.int64) for rows in self._rows]
        inside: Any = tuple(slice(n) for n in self.sizes)
        every: Any = (slice(None), *inside)
        first = tuple(_firsts(row, size) for row, size in zip(rows, self.sizes, strict=True))
        if any(len(row) > size for row, size in zip(rows, self.sizes, strict=True)):
            inside, every = np.ix_(*rows), np.ix_(np.arange(self.sides), *rows)
        return Payoffs(self._mean[every], self._count[inside], self._m2[every], first)

    def missing(self, asked: Bools | None = None) -> Bools:
        """The pairings of different players, `bool[sizes]`, that nobody has played.

        `asked`, `bool[n_0, n_1, ...]` over all players: only those that are asked for.
        """
        unplayed = self._count[tuple(slice(n) for n in self.sizes)] == 0
        if asked is not None:
            wanted = np.zeros(unplayed.shape, dtype=np.bool_)
            cells: Sequence[Ints] = np.nonzero(asked)
            wanted[tuple(np.array(self._rows[side])[index] for side, index in enumerate(cells))] = True
            unplayed = unplayed & wanted
        return np.asarray(unplayed)

    def _grow(self, side: int) -> None:
        old = self._count.shape
        grown = tuple(2 * n if axis == side else n for axis, n in enumerate(old))
        mean, m2, count = np.full((self.sides, *grown), np.nan), np.zeros((self.sides, *grown)), np.zeros(grown)
        inside: Any = tuple(slice(n) for n in old)
        every: Any = (slice(None), *inside)
        mean[every], m2[every], count[inside] = self._mean, self._m2, self._count
        self._mean, self._m2, self._count = mean, m2, count


def _firsts(rows: Ints, size: int) -> Ints:
    """For each player the number of the first one in its row."""
    first = np.full(size, -1, dtype=np.int64)
    for number in range(len(rows) - 1, -1, -1):
        first[rows[number]] = number
    return first[rows]
