"""Columns that grow: named arrays (or trees of them) with room to spare, filled by index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl import tree
from marl.types import Array, ArrayTree, Ints

_SMALLEST = 256


class Columns:
    """`size` rows of named columns. Columns in `fill` start every row at that value and need not be appended.

    A column that appears for the first time is zero in the rows before. One in `fill` that turns out to have several
    numbers a row is at its value in all of them.
    """

    def __init__(self, fill: Mapping[str, Any], capacity: int = _SMALLEST) -> None:
        self.size = 0
        self._fill = dict(fill)
        self._capacity = capacity
        self._data: dict[str, ArrayTree] = {
            name: np.full(capacity, value, dtype=np.asarray(value).dtype) for name, value in self._fill.items()
        }

    def __getitem__(self, name: str) -> ArrayTree:
        """The rows of one column, as a view."""
        return tree.take(self._data[name], slice(0, self.size))

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def names(self) -> list[str]:
        """The columns, in the order in which they appeared."""
        return list(self._data)

    def append(self, count: int, **columns: ArrayTree) -> Ints:
        """Add `count` rows and return their indices, `int64[count]`."""
        start, stop = self.size, self.size + count
        if stop > self._capacity:
            self._grow(stop)
        self.size = stop
        part = slice(start, stop)
        for name, value in columns.items():
            if name not in self._data:
                self._data[name] = tree.map_tree(self._room, value)
            elif name in self._fill and np.ndim(value) > np.ndim(self._data[name]):
                self._data[name] = np.full((self._capacity, *np.shape(value)[1:]), self._fill[name])
            _write(self._data[name], part, value)
        return np.arange(start, stop)

    def set(self, name: str, index: Ints, value: Array) -> None:
        """Write `value` to the rows at `index`; the column may be new."""
        if name not in self._data:
            self._data[name] = tree.map_tree(self._room, value)
        _write(self._data[name], index, value)

    def fresh(self) -> Columns:
        """The same columns with as much room and no rows, so that the next window need not grow again."""
        result = Columns(self._fill, self._capacity)
        for name, column in self._data.items():
            if name not in self._fill:
                result._data[name] = tree.map_tree(result._room, column)
        return result

    def all(self) -> dict[str, ArrayTree]:
        """Every column, as views of `[size, ...]`."""
        return {name: self[name] for name in self._data}

    def _room(self, leaf: Array) -> Array:
        return np.zeros((self._capacity, *leaf.shape[1:]), dtype=leaf.dtype)

    def _grow(self, needed: int) -> None:
        old, self._capacity = self._capacity, max(needed, 2 * self._capacity)
        for name, column in self._data.items():
            self._data[name] = tree.map_tree(self._room, column)
            if name in self._fill:
                self._data[name][old:] = self._fill[name]
            _write(self._data[name], slice(0, old), column)


def _write(target: ArrayTree, index: Any, value: ArrayTree) -> None:
    if isinstance(target, dict):
        for key, leaf in target.items():
            _write(leaf, index, value[key])
    else:
        target[index] = value
