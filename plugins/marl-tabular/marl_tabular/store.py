"""Tables of information sets that are found as they are met, under the keys of what agents see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.types import Array, Bools, Floats, Ints, Keys


class Store:
    """I information sets with A actions. `seen`: `uint64[I]`, `marl.tabular.observation_keys`; `agent`: `int64[I]`.

    `mask`: `bool[I, A]`. `regret`, `average`: `float64[I, A]`. Rows are in the order in which they were met; there is
    room for more of them than are there.
    """

    def __init__(self, actions: int) -> None:
        self.count = 0
        self.seen: Keys = np.zeros(0, dtype=np.uint64)
        self.agent: Ints = np.zeros(0, dtype=np.int64)
        self.mask: Bools = np.zeros((0, actions), dtype=np.bool_)
        self.regret: Floats = np.zeros((0, actions))
        self.average: Floats = np.zeros((0, actions))
        self._keys: Keys = np.zeros(0, dtype=np.uint64)  # sorted
        self._row: Ints = np.zeros(0, dtype=np.int64)  # of each of them

    def rows(self, keys: Keys, seen: Keys, agent: Ints, mask: Bools) -> Ints:
        """The rows of `keys[K]`, `int64[K]`; those that were never met are added."""
        place, found = self._find(keys)
        if not found.all():
            new, first = np.unique(keys[~found], return_index=True)
            self._add(new, seen[~found][first], agent[~found][first], mask[~found][first])
            place, _ = self._find(keys)
        return np.asarray(self._row[place])

    def policy(self, rows: Ints) -> Floats:
        """Regret matching, `float64[K, A]`: in proportion to positive regret; where none is positive, all alike."""
        positive = np.maximum(self.regret[rows], 0.0)
        total = positive.sum(axis=1, keepdims=True)
        mask = self.mask[rows]
        uniform = mask / mask.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, positive / np.where(total > 0, total, 1.0), uniform))

    def averages(self) -> Floats:
        """The average policy, `float64[I, A]`; uniform where it has never been played."""
        total = self.average[: self.count].sum(axis=1, keepdims=True)
        mask = self.mask[: self.count]
        share = self.average[: self.count] / np.where(total > 0, total, 1.0)
        return np.where(total > 0, share, mask / mask.sum(axis=1, keepdims=True))

    def save(self) -> dict[str, Array]:
        """Everything, in the order of the rows."""
        names = ("seen", "agent", "mask", "regret", "average")
        rows = {name: getattr(self, name)[: self.count].copy() for name in names}
        keys = np.empty(self.count, dtype=np.uint64)
        keys[self._row] = self._keys
        return rows | {"key": keys}

    def load(self, saved: Mapping[str, Array]) -> None:
        """What `save` gave."""
        self.count = len(saved["key"])
        for name in ("seen", "agent", "mask", "regret", "average"):
            setattr(self, name, np.array(saved[name]))
        self._row = np.argsort(saved["key"])
        self._keys = saved["key"][self._row]

    def _find(self, keys: Keys) -> tuple[Ints, Bools]:
        if not self.count:
            return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self._keys, keys), self.count - 1)
        return place, self._keys[place] == keys

    def _add(self, keys: Keys, seen: Keys, agent: Ints, mask: Bools) -> None:
        begin, end = self.count, self.count + len(keys)
        if end > len(self.seen):
            self._grow(max(end, 2 * len(self.seen)))
        self.seen[begin:end], self.agent[begin:end], self.mask[begin:end] = seen, agent, mask
        where = np.searchsorted(self._keys, keys)
        self._keys = np.insert(self._keys, where, keys)
        self._row = np.insert(self._row, where, np.arange(begin, end))
        self.count = end

    def _grow(self, room: int) -> None:
        for name in ("seen", "agent", "mask", "regret", "average"):
            old = getattr(self, name)
            new = np.zeros((room, *old.shape[1:]), dtype=old.dtype)
            new[: self.count] = old[: self.count]
            setattr(self, name, new)
