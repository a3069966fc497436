"""A ring of rows: the newest so many, each linked to the same agent's next own turn."""

from __future__ import annotations

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.training.experience import Columns, rows_of
from marl.types import Array, ArrayTree, Floats, Ints

_PLACE = ("first", "slot", "next_row")  # columns that only say what follows what
_MASKS = ("mask", "next_mask")
_LEAST = 1e-6  # a priority, so that no row is out of reach


class Ring:
    """At most `capacity` rows. Row number `n` (counted from the first one ever) is at place `n % capacity`.

    `link`: `int64[capacity]`, the number of the agent's next own turn, or -1 where it is not there (yet).
    `priority`: `float64[capacity]`. Links point to newer rows, which are overwritten later, so none is ever wrong.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity, self.total = capacity, 0
        self.link: Ints = np.full(capacity, -1, dtype=np.int64)
        self.priority: Floats = np.zeros(capacity)
        self._greatest = 1.0  # priority so far
        self._columns: Columns = {}
        self._open: dict[int, Ints] = {}  # of each sampler, the number of the last row in each slot that goes on, or -1

    @property
    def size(self) -> int:
        """How many rows there are."""
        return min(self.total, self.capacity)

    def add(self, new: Columns, sampler: int) -> None:
        """Write rows in the order in which they were played; see `marl.training.experience.replay` for the columns.

        `slot` says which agent of which match a row is of: of one slot (and sampler), rows follow each other until the
        next that is `first`. `next_row`: the next of these rows in the same slot, or -1.
        """
        count = rows_of(new)
        number = self.total + np.arange(count)
        place = number % self.capacity
        for name in _MASKS:
            if name in self._columns and name not in new:
                new = {**new, name: np.ones((count, self._columns[name].shape[1]), dtype=np.bool_)}
        for name, column in new.items():
            if name not in _PLACE:
                if name not in self._columns:
                    fill = name in _MASKS  # rows that had none before were allowed everything
                    self._columns[name] = tree.map_tree(lambda leaf: _room(leaf, self.capacity, fill), column)  # noqa: B023
                _write(self._columns[name], place, column)
        self.total += count
        self.priority[place] = self._greatest
        self._connect(new, number, sampler)

    def turns(self, where: Ints, steps: int, discount: float) -> Columns:
        """The rows at these places, as transitions over up to `steps` own turns; see `replay` for the columns."""
        ended = self._columns["terminated"] | self._columns["truncated"]
        reward = self._columns["reward"][where].astype(np.float64)
        here, factor = where, np.full(len(where), discount)
        goes_on = ~ended[here] & (self.link[here] >= 0)
        for _ in range(steps - 1):
            if not goes_on.any():
                break
            here = np.where(goes_on, self.link[here] % self.capacity, here)
            reward += np.where(goes_on, factor * self._columns["reward"][here], 0.0)
            factor = np.where(goes_on, factor * discount, factor)
            goes_on &= ~ended[here] & (self.link[here] >= 0)
        kept = ("observation", "mask", "action", "logp", "version")
        columns = {name: tree.take(self._columns[name], where) for name in kept if name in self._columns}
        after = ("next_observation", "next_mask")
        columns |= {name: tree.take(self._columns[name], here) for name in after if name in self._columns}
        follows = np.where(self._columns["terminated"][here], 0.0, factor)
        return columns | {"reward": reward.astype(np.float32), "discount": follows.astype(np.float32)}

    def surprised(self, where: Ints, errors: Array) -> None:
        """How far off the values of these rows were; of a row that is named twice, the last word counts."""
        self.priority[where] = np.abs(errors.astype(np.float64)) + _LEAST
        self._greatest = max(self._greatest, float(self.priority[where].max()))

    def save(self) -> Checkpoint:
        """Everything, oldest row first."""
        order = np.arange(self.total - self.size, self.total) % self.capacity
        arrays = {"link": self.link[order], "priority": self.priority[order]}
        arrays |= {f"open/{sampler}": numbers.copy() for sampler, numbers in self._open.items()}
        for path, leaf in tree.leaves(self._columns):
            arrays[f"rows/{path}"] = leaf[order]
        return Checkpoint(arrays, {"total": self.total, "greatest": self._greatest})

    @staticmethod
    def loaded(capacity: int, saved: Checkpoint) -> Ring:
        """A ring as it was saved, or the newest rows of it."""
        ring, arrays = Ring(capacity), saved.arrays
        ring.total, ring._greatest = saved.meta["total"], saved.meta["greatest"]
        known, dropped = len(arrays["link"]), 0
        if known < min(ring.total, capacity):  # there was less room: rows are counted from the oldest that is left
            dropped, ring.total = ring.total - known, known
        numbers = np.arange(ring.total - known, ring.total)[-capacity:]
        place, kept = numbers % capacity, slice(known - len(numbers), None)
        ring.link[place] = np.maximum(arrays["link"][kept] - dropped, -1)
        ring.priority[place] = arrays["priority"][kept]
        flat = {name.removeprefix("rows/"): array for name, array in arrays.items() if name.startswith("rows/")}
        for name, column in tree.nest(flat).items():
            rows = tree.take(column, kept)
            ring._columns[name] = tree.map_tree(lambda leaf: _room(leaf, capacity, False), rows)
            _write(ring._columns[name], place, rows)
        for name, array in arrays.items():
            if name.startswith("open/"):
                ring._open[int(name.removeprefix("open/"))] = np.maximum(array - dropped, -1)
        return ring

    def _connect(self, new: Columns, number: Ints, sampler: int) -> None:
        """Link the new rows among themselves, and those before to them."""
        slot, next_row = new["slot"], new["next_row"]
        place, inside = number % self.capacity, next_row >= 0
        self.link[place] = np.where(inside, number[next_row], -1)
        before = self._open.get(sampler, np.full(0, -1, dtype=np.int64))
        if len(slot) and len(before) <= slot.max():
            before = np.concatenate([before, np.full(int(slot.max()) + 1 - len(before), -1, dtype=np.int64)])
        self._open[sampler] = before
        begins = np.ones(len(number), dtype=np.bool_)
        begins[next_row[inside]] = False  # they follow one of these
        begins &= ~new["first"] & (before[slot] >= max(0, self.total - self.capacity))
        self.link[before[slot[begins]] % self.capacity] = number[begins]
        ends = np.flatnonzero(~inside)
        over = new["terminated"][ends] | new["truncated"][ends]
        before[slot[ends]] = np.where(over, -1, number[ends])


def _room(leaf: Array, capacity: int, value: bool) -> Array:
    if value:
        return np.ones((capacity, *leaf.shape[1:]), dtype=leaf.dtype)
    return np.zeros((capacity, *leaf.shape[1:]), dtype=leaf.dtype)


def _write(target: ArrayTree, place: Ints, values: ArrayTree) -> None:
    if isinstance(target, dict):
        for name, leaf in target.items():
            _write(leaf, place, values[name])
    else:
        target[place] = values
