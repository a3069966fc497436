"""Segments: stretches of one agent's own turns in one match, which judges compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import Group
from marl.reward import Window
from marl.trajectory import Trajectory
from marl.types import Array, Bools, Floats, Ints
from marl_rewards.encode import encode, width


@dataclass(frozen=True)
class Segments:
    """M segments of at most T own turns. `row`: `int64[M, T]`, rows of the window, 0 where not `valid`, `bool[M, T]`.

    The first turns of a segment are the valid ones; an agent's last segment of a window may be short.
    """

    row: Ints
    valid: Bools

    def __len__(self) -> int:
        return len(self.row)

    @property
    def last(self) -> Ints:
        """The last row of each, `int64[M]`."""
        return np.asarray(self.row[np.arange(len(self)), self.valid.sum(axis=1) - 1])

    def total(self, values: Floats) -> Floats:
        """The sum of `values` `float64[K]` over each, `float64[M]`."""
        return np.asarray(np.where(self.valid, values[self.row], 0.0).sum(axis=1))


def cut(rows: Trajectory, length: int) -> Segments:
    """The rows of a window as segments of `length` turns, agent by agent and match by match (life by life)."""
    order = rows.order()
    life = rows.lives()[order]
    starts = np.ones(len(order), dtype=np.bool_)
    starts[1:] = life[1:] != life[:-1]
    place = np.arange(len(order))
    place -= np.maximum.accumulate(np.where(starts, place, 0))
    number = np.cumsum(place % length == 0) - 1
    shape = (int(number.max(initial=-1)) + 1, length)
    row, valid = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    row[number, place % length], valid[number, place % length] = order, True
    return Segments(row, valid)


def inputs(window: Window) -> Floats:
    """What a model of preferences sees of each row: observation and action side by side, `float64[K, D]`."""
    group = window.spec.groups[window.rows.group]
    seen, did = encode(group.observation, window.rows.observation), encode(group.action, window.rows.action)
    return np.concatenate([seen, did], axis=1)


def size(group: Group) -> int:
    """How many numbers `inputs` has for a group's rows."""
    return width(group.observation) + width(group.action)


def laid(segments: Segments, values: Floats) -> Array:
    """`values` `[K, D]` of rows laid out by segment, `float32[M, T, D]`, 0 beyond their ends."""
    return np.where(segments.valid[..., None], values[segments.row], 0.0).astype(np.float32)
