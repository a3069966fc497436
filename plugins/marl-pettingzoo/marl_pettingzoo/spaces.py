"""Gymnasium's spaces as marl's, and values between them.

| gymnasium | observations | actions |
|---|---|---|
| Box | `Box` around all bounds | `Box`; see `marl.adapters.box_actions` for entries with bounds of their own |
| Discrete(n, start) | `Discrete(n)`, counted from 0 | the same |
| MultiDiscrete | `MultiDiscrete`, flat, counted from 0 | the same |
| MultiBinary | `Box` of 0 and 1 | `MultiDiscrete` of twos |
| Dict | `Tree` | its parts side by side: `MultiDiscrete` if all are discrete, a flat `Box` if all are real boxes |
| Tuple | `Tree` with the fields "0", "1", ... | the same |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from gymnasium import spaces as gym

from marl.adapters import box_actions
from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import Array, ArrayTree


@dataclass(frozen=True)
class Seeing:
    """Observations: `batch(values)` makes `[K, ...]` of K values (a copy); `blank` is a value of zeros."""

    space: Space
    batch: Callable[[Sequence[Any]], ArrayTree]
    blank: Any


@dataclass(frozen=True)
class Acting:
    """Actions: `values(batch)` makes K values of `[K, ...]`; `value(plain)` makes one of what JSON gave back."""

    space: Space
    values: Callable[[Array], list[Any]]
    value: Callable[[Any], Any]


def seeing(space: Any, where: str) -> Seeing:
    """How to batch observations of a gymnasium space; raises UserError for spaces that have no arrays."""
    match space:
        case gym.Box():
            return _boxes(_box(space))
        case gym.Discrete():
            return Seeing(Discrete(int(space.n)), lambda values: _integers(values) - space.start, space.start)
        case gym.MultiDiscrete():
            start = np.asarray(space.start, dtype=np.int64)
            flat = start.reshape(-1)
            choices = MultiDiscrete(tuple(int(n) for n in space.nvec.reshape(-1)))
            return Seeing(choices, lambda values: _integers(values).reshape(len(values), -1) - flat, start)
        case gym.MultiBinary():
            return _boxes(Box(tuple(space.shape), 0, 1, "int8"))
        case gym.Dict() | gym.Tuple():
            parts = {key: (name, seeing(part, where)) for key, name, part in _parts(space)}
            tree = Tree({name: part.space for name, part in parts.values()})
            return Seeing(
                tree,
                lambda values: {name: part.batch([v[key] for v in values]) for key, (name, part) in parts.items()},
                {key: part.blank for key, (_, part) in parts.items()},
            )
        case _:
            raise UserError(f"{where} is {space}, and marl shows policies arrays of a fixed shape only")


def acting(space: Any, where: str) -> Acting:
    """How to hand actions to a gymnasium space; raises UserError for spaces that no policy can answer."""
    match space:
        case gym.Discrete():
            first = int(space.start)
            shift = (lambda batch: (batch + first).tolist()) if first else (lambda batch: batch.tolist())
            return Acting(Discrete(int(space.n)), shift, int)
        case gym.MultiDiscrete():
            start, shape, dtype = np.asarray(space.start), space.shape, space.dtype
            choices = MultiDiscrete(tuple(int(n) for n in space.nvec.reshape(-1)))
            return Acting(choices, lambda b: list(b.reshape(-1, *shape).astype(dtype) + start), _revive(dtype))
        case gym.MultiBinary():
            shape, dtype = space.shape, space.dtype
            twos = MultiDiscrete((2,) * int(np.prod(shape)))
            return Acting(twos, lambda batch: list(batch.reshape(-1, *shape).astype(dtype)), _revive(dtype))
        case gym.Box():
            box, convert = box_actions(space.low, space.high, str(space.dtype))
            return Acting(box, lambda batch: list(convert(batch)), _revive(space.dtype))
        case gym.Dict() | gym.Tuple():
            return _joint(space, where)
        case _:
            raise UserError(f"{where} is {space}, which no policy of marl can answer")


def _joint(space: Any, where: str) -> Acting:
    """Actions of several parts, side by side: all discrete, or all real boxes."""
    keys = [key for key, _, _ in _parts(space)]
    parts = [acting(part, where) for _, _, part in _parts(space)]
    boxes = [part for _, _, part in _parts(space) if isinstance(part, gym.Box) and part.dtype.kind == "f"]
    whole: Space
    if boxes and len(boxes) == len(parts):
        bounds = [
            np.concatenate([bound.reshape(-1) for bound in each]) for each in zip(*map(_bounds, boxes), strict=True)
        ]
        whole, convert = box_actions(bounds[0], bounds[1], str(np.result_type(*bounds)))
        widths = [box.low.size for box in boxes]
        values = [partial(_shaped, box.shape, box.dtype) for box in boxes]
    else:
        choices = [_choices(part.space, f"{where} is {space}") for part in parts]
        whole, convert = MultiDiscrete(tuple(n for each in choices for n in each)), _same
        widths = [len(each) for each in choices]
        values = [partial(_chosen, part) for part in parts]
    ends = np.cumsum(widths)[:-1].tolist()

    def bundle(values: Sequence[Any]) -> Any:
        return dict(zip(keys, values, strict=True)) if isinstance(space, gym.Dict) else tuple(values)

    def decode(batch: Array) -> list[Any]:
        columns = [each(part) for each, part in zip(values, np.split(convert(batch), ends, axis=1), strict=True)]
        return [bundle(row) for row in zip(*columns, strict=True)]

    def revive(saved: Any) -> Any:
        return bundle([part.value(saved[key]) for key, part in zip(keys, parts, strict=True)])

    return Acting(whole, decode, revive)


def _choices(space: Space, what: str) -> tuple[int, ...]:
    match space:
        case Discrete(n):
            return (n,)
        case MultiDiscrete(nvec):
            return nvec
        case _:
            raise UserError(f"{what}; marl can only join parts that are all discrete, or all real boxes")


def _bounds(box: Any) -> tuple[Array, Array]:
    return box.low, box.high


def _same(batch: Array) -> Array:
    return batch


def _shaped(shape: tuple[int, ...], dtype: Any, columns: Array) -> list[Any]:
    return list(columns.reshape(-1, *shape).astype(dtype))


def _chosen(part: Acting, columns: Array) -> list[Any]:
    return part.values(columns[:, 0] if isinstance(part.space, Discrete) else columns)


def plain(value: Any) -> Any:
    """An action's value as JSON has it; `Acting.value` is the way back."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value if isinstance(value, int) else np.asarray(value).tolist()


def _revive(dtype: Any) -> Callable[[Any], Any]:
    return lambda saved: np.array(saved, dtype=dtype)


def _box(space: Any) -> Box:
    return Box(tuple(space.shape), float(space.low.min()), float(space.high.max()), str(space.dtype))


def _boxes(box: Box) -> Seeing:
    shape, dtype = box.shape, np.dtype(box.dtype)

    def batch(values: Sequence[Any]) -> Array:
        first = np.shape(values[0])
        if first != shape:
            raise ValueError(f"an observation has shape {first}, but its space says {shape}")
        if not shape:
            return np.array(values, dtype=dtype)
        joined = np.concatenate(values, dtype=dtype, casting="unsafe")  # one copy, and always a copy
        return joined.reshape(len(values), *shape)

    return Seeing(box, batch, np.zeros(shape, dtype=dtype))


def _parts(space: Any) -> list[tuple[Any, str, Any]]:
    """The parts of a Dict or Tuple: key, name in a tree (where "/" separates levels), space."""
    items = space.spaces.items() if isinstance(space, gym.Dict) else enumerate(space.spaces)
    return [(key, str(key).replace("/", "_"), part) for key, part in items]


def _integers(values: Sequence[Any]) -> Array:
    return np.array(values, dtype=np.int64)
