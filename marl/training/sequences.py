"""Sequences: own turns of one agent in a row, for modules with memory.

Rows are laid out lane by lane and agent by agent and cut every T rows. A sequence may run over the end of a match:
memory is cleared where `first` is set, so short matches waste no room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import tree
from marl.arena import Trajectory
from marl.types import ArrayTree, Bools, Ints


@dataclass(frozen=True)
class Sequences:
    """S sequences of at most T rows. `index`: `int64[S, T]`, rows of the window; `valid`: `bool[S, T]`.

    Where `valid` is False (only at the end of a sequence) `index` repeats the sequence's first row, as padding.
    """

    index: Ints
    valid: Bools

    def lay(self, column: ArrayTree) -> ArrayTree:
        """A column of the window as `[S, T, ...]`."""
        return tree.map_tree(lambda leaf: leaf[self.index], column)

    def starts(self, column: ArrayTree) -> ArrayTree:
        """A column of the window at the start of each sequence, `[S, ...]`: what was remembered there."""
        return tree.map_tree(lambda leaf: leaf[self.index[:, 0]], column)


def sequences(window: Trajectory, rows: Ints, length: int, apart: bool = False) -> Sequences:
    """Cut `rows` (`int64[K]`, a subset of the window) into sequences of at most `length` own turns.

    `apart`: cut them where other weights went on playing, too, so that all rows of a sequence have one `version`.
    """
    rows = rows[np.lexsort((window.clock[rows], window.agent[rows], window.lane[rows]))]
    owner = np.stack([window.lane[rows], window.agent[rows], window.version[rows] * apart])
    fresh = np.ones(len(rows), dtype=np.bool_)
    fresh[1:] = (owner[:, 1:] != owner[:, :-1]).any(axis=0)
    start = np.flatnonzero(fresh)
    place = np.arange(len(rows)) - np.repeat(start, np.diff([*start, len(rows)]))  # since the agent's first row
    step = place % length
    number = np.cumsum(step == 0) - 1
    count = int(number[-1]) + 1 if len(rows) else 0
    index: Ints = np.repeat(rows[step == 0][:, None], length, axis=1)
    valid = np.zeros((count, length), dtype=np.bool_)
    index[number, step] = rows
    valid[number, step] = True
    return Sequences(index, valid)
