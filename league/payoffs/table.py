"""The payoff table while it grows: the ledger's sums as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from league.payoffs import Payoffs
from league.payoffs.cells import Cell
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import Asked
from league.player import Player
from marl.types import Bools, Ints


class Table:
    """Takes players and sums in; gives `Payoffs` out.

    Players of a population with the same snapshot share one row, that of the first: what was played once counts for
    all. `members`: per population, the first players of each snapshot with their ids, in order of birth. `symmetric`:
    there is one population, which plays all sides. A pairing is then in order of birth, and stands for all its orders.
    """

    def __init__(self, sides: int, symmetric: bool = False) -> None:
        self.sides, self.symmetric = sides, symmetric
        populations = 1 if symmetric else sides
        self.members: list[list[tuple[int, Player]]] = [[] for _ in range(populations)]
        self.known = 0  # pairings of different players with a value
        self._row: dict[int, int] = {}  # player id -> its row
        self._rows: list[list[int]] = [[] for _ in range(populations)]  # of every player, in order of birth
        self._snapshots: list[dict[str, int]] = [{} for _ in range(populations)]  # snapshot -> its row
        self._mean = np.full((populations, *[4] * sides), np.nan)
        self._m2 = np.zeros(self._mean.shape)
        self._count = np.zeros([4] * sides)

    def join(self, id: int, player: Player) -> None:
        """Make room for a player."""
        number = 0 if self.symmetric else player.sides[0]
        known, members = self._snapshots[number], self.members[number]
        row = known.setdefault(player.snapshot, len(members))
        self._row[id] = row
        self._rows[number].append(row)
        if row == len(members):
            members.append((id, player))
            if row == self._count.shape[number]:
                self._grow(number)

    def add(self, rows: Iterable[PayoffRow]) -> None:
        """Merge sums into the table (see `marl.arena.payoff`); an exact value replaces everything else."""
        for row in rows:
            cell = tuple(self._row[id] for id in row.pairing)
            self.known += self._count[cell] == 0
            orders = permutations(range(self.sides)) if self.symmetric else [tuple(range(self.sides))]
            for where, order in {tuple(cell[seat] for seat in order): order for order in orders}.items():
                self._merge(where, order, row)

    def _merge(self, cell: tuple[int, ...], order: tuple[int, ...], row: PayoffRow) -> None:
        """Merge sums into one cell, whose side `s` is the pairing's side `order[s]`."""
        every: Any = (slice(None), *cell)
        own = list(order[: len(self._mean)])
        given, squares, before = np.array(row.mean)[own], np.array(row.m2)[own], self._count[cell]
        if row.count == EXACT:
            self._mean[every], self._m2[every], self._count[cell] = given, 0.0, np.inf
        elif np.isfinite(before):
            total = before + row.count
            old = np.where(before > 0, self._mean[every], 0.0)
            delta = given - old
            self._mean[every] = old + delta * (row.count / total)
            self._m2[every] += squares + delta**2 * (before * row.count / total)
            self._count[cell] = total

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many different players each side has."""
        return tuple(len(side) for side in self.by_side)

    @property
    def by_side(self) -> list[list[tuple[int, Player]]]:
        """The `members` of each side."""
        return self.members * self.sides if self.symmetric else self.members

    @property
    def pairings(self) -> int:
        """How many pairings of all players there are, those that differ by an exchange of sides counted once."""
        if self.symmetric:
            return math.comb(len(self._rows[0]) + self.sides - 1, self.sides)
        return math.prod(len(rows) for rows in self._rows)

    @property
    def payoffs(self) -> Payoffs:
        """All payoffs as they stand. Views where all players are different: copy what must last."""
        rows = [np.array(rows, dtype=np.int64) for rows in self._rows]
        inside: Any = tuple(slice(n) for n in self.sizes)
        every: Any = (slice(None), *inside)
        first = tuple(_firsts(row, len(own)) for row, own in zip(rows, self.members, strict=True))
        if any(len(row) > len(own) for row, own in zip(rows, self.members, strict=True)):
            axes = rows * self.sides if self.symmetric else rows
            inside, every = np.ix_(*axes), np.ix_(np.arange(len(rows)), *axes)
        return Payoffs(self._mean[every], self._count[inside], self._m2[every], first, self.symmetric)

    def missing(self, asked: Bools | None = None) -> Bools:
        """The pairings of different players, `bool[sizes]`, that nobody has played.

        `asked`, `bool[n_0, n_1, ...]` over all players: only those that are asked for. Of pairings that differ by an
        exchange of sides, the one in order of birth.
        """
        unplayed = self._count[tuple(slice(n) for n in self.sizes)] == 0
        if asked is not None:
            wanted = np.zeros(unplayed.shape, dtype=np.bool_)
            cells: Sequence[Ints] = np.nonzero(asked)
            axes = self._rows * self.sides if self.symmetric else self._rows
            found = np.array([np.array(rows)[index] for rows, index in zip(axes, cells, strict=True)])
            wanted[tuple(np.sort(found, axis=0) if self.symmetric else found)] = True
            unplayed = unplayed & wanted
        if self.symmetric:
            index = np.indices(unplayed.shape)
            unplayed = unplayed & (index[:-1] <= index[1:]).all(axis=0)
        return np.asarray(unplayed)

    def asked(self, wanted: Bools, matches: int) -> list[Asked]:
        """The pairings where `wanted[sizes]`, as they are asked of a source, each for so many more matches."""
        return [self._asked(tuple(place), matches) for place in np.argwhere(wanted).tolist()]

    def lacking(self, cells: Sequence[Cell], matches: int) -> list[Asked]:
        """What these cells lack, in the order of birth of their players, each once; see `Cell`.

        `matches`: how many a source plays by itself; 0 where its values are exact.
        """
        axes, wanted = self._rows * self.sides if self.symmetric else self._rows, dict[tuple[int, ...], int]()
        for cell in cells:
            place = tuple(rows[number] for rows, number in zip(axes, cell.players, strict=True))
            place = tuple(sorted(place)) if self.symmetric else place
            known = int(min(self._count[place], 2**62))
            more = 0 if cell.count is None or not matches else cell.count - known
            more = matches if known == 0 and cell.count is None else more
            if more > 0 or (known == 0 and not matches):
                wanted[place] = max(more, wanted.get(place, 0))
        return [self._asked(place, more) for place, more in sorted(wanted.items())]

    def lacks(self, pairing: Sequence[int], before: int) -> bool:
        """Whether the matches that come after the first `before` ones of a pairing (ids) are not there yet."""
        return bool(self._count[tuple(self._row[id] for id in pairing)] <= before)

    def of_ids(self, pairing: Sequence[int], count: int) -> Asked:
        """A pairing, by ids, as it is asked of a source, for so many more matches."""
        return self._asked(tuple(self._row[id] for id in pairing), count)

    def _asked(self, place: tuple[int, ...], count: int) -> Asked:
        pair = [members[row] for members, row in zip(self.by_side, place, strict=True)]
        snapshots = tuple(player.snapshot for _, player in pair)
        return Asked(tuple(id for id, _ in pair), snapshots, int(self._count[place]), count)

    def _grow(self, number: int) -> None:
        """Double the room of a population, on every axis that is its."""
        old = self._count.shape
        grown = tuple(2 * n if self.symmetric or axis == number else n for axis, n in enumerate(old))
        mean, m2 = np.full((len(self._mean), *grown), np.nan), np.zeros((len(self._mean), *grown))
        count = np.zeros(grown)
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
