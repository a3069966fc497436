"""Reservoir sampling: a bounded memory in which every row of an endless stream is equally likely to be found.

The first `capacity` rows are kept. Row n (counted from 1) after them takes the place of one that is kept with
probability capacity / n, each alike, and is forgotten otherwise.

Source: Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical Software 11 (1985), Algorithm R.
"""

from __future__ import annotations

import numpy as np

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.errors import UserError
from marl.training.experience import Columns, rows_of
from marl.types import Array, ArrayTree, Bools, Ints

_PLACE, _FEWER = 0x706C6163, 0x66657765  # what is drawn: a row's place, and which rows stay where there is less room


class Reservoir:
    """At most `capacity` rows of columns `[K, ...]` (observation, mask, action) out of all that were added.

    Which places rows take follows from `stream` and the row's number in the stream, so that a checkpoint needs no
    generator. `total`: how many rows were added.
    """

    def __init__(self, capacity: int, stream: int = 0) -> None:
        self.capacity, self.stream, self.total = capacity, stream, 0
        self._columns: Columns = {}

    @property
    def size(self) -> int:
        """How many rows are kept."""
        return min(self.total, self.capacity)

    def add(self, new: Columns) -> None:
        """Take rows from the stream, in their order. Where only some rows have masks, the others allow everything."""
        count = rows_of(new)
        number = self.total + np.arange(count)
        drawn = (rng.uniform(rng.mix(_PLACE, self.stream, number)) * (number + 1)).astype(np.int64)
        place = np.where(number < self.capacity, number, drawn)
        kept = np.flatnonzero(place < self.capacity)
        kept = kept[_last_of_each(place[kept])]
        new = self._masked(new, count)
        for name, column in new.items():
            if name not in self._columns:
                self._columns[name] = tree.map_tree(lambda leaf: _room(leaf, self.capacity, name == "mask"), column)  # noqa: B023
            _write(self._columns[name], place[kept], tree.take(column, kept))
        self.total += count

    def take(self, where: Ints) -> Columns:
        """The rows at these places, each below `size`."""
        return {name: tree.take(column, where) for name, column in self._columns.items()}

    def save(self) -> Checkpoint:
        """All rows that are kept, and how many there were."""
        arrays = {f"rows/{path}": leaf[: self.size].copy() for path, leaf in tree.leaves(self._columns)}
        return Checkpoint(arrays, {"total": self.total})

    @staticmethod
    def loaded(capacity: int, stream: int, saved: Checkpoint) -> Reservoir:
        """A reservoir as it was saved; where there is less room now, some of its rows, each alike.

        Raises UserError where there is more room than before, and rows were forgotten already.
        """
        result = Reservoir(capacity, stream)
        flat = {name.removeprefix("rows/"): array for name, array in saved.arrays.items()}
        total, known = saved.meta["total"], len(next(iter(flat.values()), ()))
        if known < min(total, capacity):
            raise UserError(
                f"reservoir: {capacity} is more than the {known} of before, and of {total} rows the others are "
                f"forgotten: leave it at {known}, or make it smaller"
            )
        chosen: Ints = np.arange(known)
        if known > capacity:
            chosen = np.argsort(rng.mix(_FEWER, stream, chosen), kind="stable")[:capacity]
        for name, column in tree.nest(flat).items():
            rows = tree.take(column, chosen)
            result._columns[name] = tree.map_tree(lambda leaf: _room(leaf, capacity, False), rows)
            _write(result._columns[name], np.arange(len(chosen)), rows)
        result.total = total
        return result

    def _masked(self, new: Columns, count: int) -> Columns:
        """New rows with masks where there were any before."""
        if "mask" not in self._columns or "mask" in new:
            return new
        return {**new, "mask": np.ones((count, np.asarray(self._columns["mask"]).shape[1]), dtype=np.bool_)}


def _last_of_each(place: Ints) -> Ints:
    """Where each place is named last: the newest row takes it."""
    _, first = np.unique(place[::-1], return_index=True)
    return np.asarray(len(place) - 1 - first)


def _room(leaf: Array, capacity: int, full: bool) -> Array | Bools:
    make = np.ones if full else np.zeros
    return make((capacity, *leaf.shape[1:]), dtype=leaf.dtype)


def _write(target: ArrayTree, place: Ints, values: ArrayTree) -> None:
    if isinstance(target, dict):
        for name, leaf in target.items():
            _write(leaf, place, values[name])
    else:
        target[place] = values
