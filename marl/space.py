"""What observations and actions look like. A space describes one row; batches have a leading axis K.

| space | one row | a batch of K rows | its mask |
|---|---|---|---|
| `Box` | array of `shape` and `dtype` | `[K, *shape]` | none |
| `Discrete` | an integer below `n` | `int64[K]` | `bool[K, n]` |
| `MultiDiscrete` | an integer below each of `nvec` | `int64[K, M]` | `bool[K, sum(nvec)]` |
| `Tree` | a dict of rows | a dict of batches | none |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from marl import rng
from marl.types import Array, ArrayTree, Bools, Keys

LIMIT = 1e30  # a bound beyond it, such as the greatest float32, says that there is none


@dataclass(frozen=True)
class Box:
    """Real (or bounded integer) arrays. `low` and `high` bound every entry; infinities are allowed."""

    shape: tuple[int, ...]
    low: float = -np.inf
    high: float = np.inf
    dtype: str = "float32"

    @property
    def bounded(self) -> bool:
        """Whether it has two bounds to act between (see `LIMIT`)."""
        return self.low >= -LIMIT and self.high <= LIMIT


@dataclass(frozen=True)
class Discrete:
    """One of `n` choices, numbered from 0."""

    n: int


@dataclass(frozen=True)
class MultiDiscrete:
    """Several independent choices; choice `m` has `nvec[m]` options. Masks are laid side by side."""

    nvec: tuple[int, ...]


@dataclass(frozen=True)
class Tree:
    """A dict of spaces, for observations with parts."""

    fields: Mapping[str, Space]


Space: TypeAlias = Box | Discrete | MultiDiscrete | Tree


def mask_width(space: Space) -> int | None:
    """How many columns a mask of this action space has, or None where masks do not apply."""
    match space:
        case Discrete(n):
            return n
        case MultiDiscrete(nvec):
            return sum(nvec)
        case _:
            return None


def empty_choices(space: Space, mask: Bools) -> Bools:
    """In which choices `mask[K, mask_width]` allows nothing, `bool[K, M]`; a `Discrete` is one choice."""
    if not isinstance(space, MultiDiscrete):
        if len(mask) >= 8 * mask.shape[1]:  # many short rows: whole columns are several times faster
            return np.asarray(~np.logical_or.reduce(np.ascontiguousarray(mask.T), axis=0))[:, None]
        return np.asarray(~mask.any(axis=1, keepdims=True))
    starts = np.cumsum([0, *space.nvec[:-1]])
    return np.asarray(~np.logical_or.reduceat(mask, starts, axis=1))


def describe(space: Space) -> dict[str, Any]:
    """A space as JSON, for comparison: what snapshots and datasets say that they were made for."""
    match space:
        case Box(shape, low, high, dtype):
            bounds: list[Any] = [str(bound) if np.isinf(bound) else float(bound) for bound in (low, high)]
            return {"box": list(shape), "low": bounds[0], "high": bounds[1], "dtype": dtype}
        case Discrete(n):
            return {"discrete": n}
        case MultiDiscrete(nvec):
            return {"multi_discrete": list(nvec)}
        case Tree(fields):
            return {"tree": {name: describe(field) for name, field in fields.items()}}


def zeros(space: Space, k: int) -> ArrayTree:
    """A zero batch of `k` rows, for allocation."""
    match space:
        case Box(shape, dtype=dtype):
            return np.zeros((k, *shape), dtype=dtype)
        case Discrete():
            return np.zeros(k, dtype=np.int64)
        case MultiDiscrete(nvec):
            return np.zeros((k, len(nvec)), dtype=np.int64)
        case Tree(fields):
            return {name: zeros(field, k) for name, field in fields.items()}


def contains(space: Space, batch: ArrayTree) -> Bools:
    """Which rows of `batch` belong to the space, `bool[K]`. A wrong shape or kind of number fails every row.

    NaN belongs to no space.
    """
    if isinstance(space, Tree):
        if not isinstance(batch, dict) or set(batch) != set(space.fields):
            return np.zeros(_rows(batch), dtype=np.bool_)
        parts = [contains(field, batch[name]) for name, field in space.fields.items()]
        return np.logical_and.reduce(parts) if len({len(part) for part in parts}) == 1 else np.zeros(1, np.bool_)
    if not isinstance(batch, np.ndarray) or batch.ndim == 0:
        return np.zeros(_rows(batch), dtype=np.bool_)
    wrong = np.zeros(len(batch), dtype=np.bool_)
    match space:
        case Box(shape, low, high, dtype):
            if batch.shape[1:] != shape or batch.dtype != np.dtype(dtype):
                return wrong
            within = (batch >= low) & (batch <= high)
            return np.asarray(within.reshape(len(batch), math.prod(shape)).all(axis=1))
        case Discrete(n):
            if batch.ndim != 1 or batch.dtype.kind not in "iu":
                return wrong
            return np.asarray((batch >= 0) & (batch < n))
        case MultiDiscrete(nvec):
            if batch.shape[1:] != (len(nvec),) or batch.dtype.kind not in "iu":
                return wrong
            return np.asarray(((batch >= 0) & (batch < np.array(nvec))).all(axis=1))


def legal(space: Space, actions: Array, mask: Array | None) -> Bools:
    """Which `actions` lie in the space and are allowed by `mask` (None allows everything), `bool[K]`."""
    inside = contains(space, actions)
    if mask is None or not inside.any():
        return inside
    rows = np.flatnonzero(inside)
    match space:
        case Discrete():
            inside[rows] = mask[rows, actions[rows]]
        case MultiDiscrete(nvec):
            offsets = np.concatenate([[0], np.cumsum(nvec)[:-1]])
            inside[rows] = mask[rows[:, None], actions[rows] + offsets].all(axis=1)
        case _:
            pass
    return inside


def sample(space: Space, keys: Keys, mask: Array | None = None) -> ArrayTree:
    """A random row per key, uniform over what `mask` allows. Boxes that lack a bound draw standard normals."""
    match space:
        case Discrete(n):
            return rng.integers(keys, n) if mask is None else rng.choose(keys, mask)
        case MultiDiscrete(nvec):
            columns, start = [], 0
            for draw, n in enumerate(nvec):
                part = np.ones((len(keys), n)) if mask is None else mask[:, start : start + n]
                columns.append(rng.choose(keys, part, draw))
                start += n
            return np.stack(columns, axis=1)
        case Box(shape, dtype=dtype):
            draws = [_one(space, keys, draw) for draw in range(int(np.prod(shape)))]
            block = np.stack(draws, axis=1) if draws else np.zeros((len(keys), 0))
            return np.asarray(block.reshape((len(keys), *shape)), dtype=dtype)
        case Tree(fields):
            return {
                name: sample(field, rng.mix(keys, position)) for position, (name, field) in enumerate(fields.items())
            }


def log_volume(space: Space, mask: Array | None, k: int) -> Array:
    """The log-probability of one uniform choice in each row, `float64[K]`.

    It is 0 for boxes that lack a bound, or have a single value.
    """
    match space:
        case Discrete(n):
            count = np.full(k, n) if mask is None else mask.sum(axis=1)
            return np.asarray(-np.log(count), dtype=np.float64)
        case MultiDiscrete(nvec):
            total, start = np.zeros(k), 0
            for n in nvec:
                total -= np.log(n if mask is None else mask[:, start : start + n].sum(axis=1))
                start += n
            return total
        case Box(shape, low, high):
            width = high - low + _is_whole(space)
            return np.full(k, -np.prod(shape) * np.log(width) if space.bounded and width > 0 else 0.0)
        case _:
            return np.zeros(k)


def _is_whole(box: Box) -> bool:
    return np.dtype(box.dtype).kind in "iub"


def _one(box: Box, keys: Keys, draw: int) -> Array:
    """One entry of a box for each key, `float64[K]`."""
    if box.bounded:
        entry = box.low + (box.high - box.low + _is_whole(box)) * rng.uniform(keys, draw)
    else:
        entry = np.clip(rng.normal(keys, draw), box.low, box.high)
    return np.floor(entry) if _is_whole(box) else entry


def _rows(batch: ArrayTree) -> int:
    while isinstance(batch, dict) and batch:
        batch = next(iter(batch.values()))
    return len(batch) if isinstance(batch, np.ndarray) and batch.ndim else 1
