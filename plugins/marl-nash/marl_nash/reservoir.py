"""Reservoir sampling: a bounded memory in which every row of an endless stream is equally likely to be found.

Source: Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical Software 11 (1985), Algorithm R:
the first `capacity` rows are kept; row n (counted from 0) after them takes a place that is drawn from n + 1, if there
is such a place, and is forgotten otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.errors import UserError
from marl.training.experience import Columns
from marl.types import Array, Ints

_PLACE, _FEWER = 0x706C6163, 0x66657765  # what is drawn: a row's place, and which rows stay where there is less room


class Reservoir:
    """At most `capacity` rows, in columns; each row that ever came is among them with equal chance.

    What is drawn follows from `key` and the row's number alone, so rows may come in batches of any size. `seen`: how
    many have come.
    """

    def __init__(self, capacity: int, *key: int) -> None:
        self.capacity, self.key, self.seen = capacity, key, 0
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
        drawn = rng.integers(rng.mix(*self.key, number), number + 1)
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


class Turns:
    """A reservoir of turns: columns that may be trees, and masks that not all turns have. `stream`: which it is."""

    def __init__(self, capacity: int, stream: int = 0) -> None:
        self.stream, self._rows = stream, Reservoir(capacity, _PLACE, stream)

    @property
    def total(self) -> int:
        """How many turns there were."""
        return self._rows.seen

    @property
    def size(self) -> int:
        """How many are kept."""
        return len(self._rows)

    def add(self, new: Columns) -> None:
        """Take turns, in their order. Where only some of them have masks, the others allow everything."""
        rows, known = dict(tree.leaves(new)), self._rows.columns
        if "mask" in known and "mask" not in rows:
            rows["mask"] = np.ones((len(rows["action"]), known["mask"].shape[1]), np.bool_)
        elif known and "mask" in rows and "mask" not in known:
            known["mask"] = np.ones((self.size, rows["mask"].shape[1]), np.bool_)
            self._rows.load(known, self.total)
        self._rows.add(rows)

    def take(self, where: Ints) -> Columns:
        """The turns at these places, each below `size`."""
        nested = tree.nest({name: column[where] for name, column in self._rows.columns.items()})
        assert isinstance(nested, dict)
        return nested

    def save(self) -> Checkpoint:
        """All turns that are kept, and how many there were."""
        return Checkpoint({f"rows/{name}": column for name, column in self._rows.save().items()}, {"total": self.total})

    @staticmethod
    def loaded(capacity: int, stream: int, saved: Checkpoint) -> Turns:
        """A reservoir as it was saved; where there is less room now, some of its turns, each alike.

        Raises UserError where there is more room than before, and turns were forgotten already.
        """
        result = Turns(capacity, stream)
        rows = {name.removeprefix("rows/"): array for name, array in saved.arrays.items()}
        total, known = saved.meta["total"], len(next(iter(rows.values()), ()))
        if known < min(total, capacity):
            raise UserError(
                f"reservoir: {capacity} is more than the {known} of before, and of {total} rows the others are "
                f"forgotten: leave it at {known}, or make it smaller"
            )
        if known > capacity:
            chosen = np.argsort(rng.mix(_FEWER, stream, np.arange(known)), kind="stable")[:capacity]
            rows = {name: column[chosen] for name, column in rows.items()}
        result._rows.load(rows, total)
        return result
