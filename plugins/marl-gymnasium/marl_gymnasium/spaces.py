"""Gymnasium's spaces as marl's, with functions that carry observations and actions across.

| Gymnasium | marl, for observations | marl, for actions |
|---|---|---|
| `Box` | `Box` with the loosest bounds of any entry | the same; see `read_action` for entries with different bounds |
| `Discrete` | `Discrete`, counted from 0 | the same |
| `MultiDiscrete` | `MultiDiscrete`, flat, counted from 0 | the same |
| `MultiBinary` | `MultiDiscrete` of twos, flat | the same |
| `Dict` | `Tree` | `MultiDiscrete` of its parts side by side, if all are discrete |
| `Tuple` | `Tree` with the fields "0", "1", ... | the same |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import Array, ArrayTree

Write = Callable[[ArrayTree, int, Any], None]  # puts what Gymnasium shows into row `lane` of a batch
Read = Callable[[Any], Any]  # one legal action, as Gymnasium wants it; never a view of the batch it came from


def observation_space(space: spaces.Space[Any], owner: str) -> Space:
    """The marl space of what `owner` shows. Raises UserError for a space that marl has no arrays for."""
    match space:
        case spaces.Box():
            return _box(space)
        case spaces.Discrete():
            return Discrete(int(space.n))
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return MultiDiscrete(_options(space))
        case spaces.Dict() | spaces.Tuple() if len(space.spaces):
            return Tree({name: observation_space(part, owner) for name, (_, part) in _parts(space, owner).items()})
        case _:
            raise UserError(
                f"{owner} shows observations of the space {_short(space)}, which has no fixed number of numbers; wrap "
                "it with gymnasium.wrappers.TransformObservation so that it shows a Box, Discrete, Dict or Tuple"
            )


def write_observation(space: spaces.Space[Any], owner: str) -> Write:
    """How an observation gets into a batch of `observation_space(space, owner)`; ValueError if it does not fit."""
    match space:
        case spaces.Dict() | spaces.Tuple():
            parts = [(name, key, write_observation(part, owner)) for name, (key, part) in _parts(space, owner).items()]

            def write_parts(batch: ArrayTree, lane: int, seen: Any) -> None:
                for name, key, write in parts:
                    write(batch[name], lane, seen[key])

            return write_parts
        case spaces.Discrete():
            start = int(space.start)

            def write_number(batch: Array, lane: int, seen: Any) -> None:
                batch[lane] = seen - start

            return write_number
        case spaces.MultiDiscrete():
            starts = np.ravel(space.start)

            def write_numbers(batch: Array, lane: int, seen: Any) -> None:
                batch[lane] = np.ravel(seen) - starts

            return write_numbers
        case _:
            shape, flat = space.shape, isinstance(space, spaces.MultiBinary)

            def write_array(batch: Array, lane: int, seen: Any) -> None:
                if np.shape(seen) != shape:
                    raise ValueError(f"it shows an observation of shape {np.shape(seen)}, but its space says {shape}")
                batch[lane] = np.ravel(seen) if flat else seen

            return write_array


def action_space(space: spaces.Space[Any], owner: str) -> Space:
    """The marl space of what can be done in `owner`. Raises UserError for a space that no policy can answer."""
    match space:
        case spaces.Box():
            return Box(space.shape, -1.0, 1.0, str(space.dtype)) if _stretched(space) else _box(space)
        case spaces.Discrete():
            return Discrete(int(space.n))
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return MultiDiscrete(_options(space))
        case spaces.Dict() | spaces.Tuple() if len(space.spaces):
            inner = [action_space(part, owner) for _, part in _parts(space, owner).values()]
            if all(isinstance(part, (Discrete, MultiDiscrete)) for part in inner):
                return MultiDiscrete(tuple(n for part in inner for n in _choices(part)))
    raise UserError(
        f"{owner} wants actions of the space {_short(space)}, but an agent acts in a Box or in discrete choices; wrap "
        "it with gymnasium.wrappers.TransformAction so that it takes one of these"
    )


def read_action(space: spaces.Space[Any], owner: str) -> Read:
    """How an action of `action_space(space, owner)` becomes one of Gymnasium's.

    A float Box with finite bounds that differ between entries is acted in by numbers in [-1, 1], stretched to each
    entry's bounds (as gymnasium.wrappers.RescaleAction does); with bounds that differ and are not all finite, by the
    loosest bounds, clipped to each entry's own.
    """
    match space:
        case spaces.Box():
            return _read_box(space)
        case spaces.Discrete():
            start = int(space.start)
            return lambda action: action + start
        case spaces.MultiDiscrete():
            return lambda action: (action.reshape(space.nvec.shape) + space.start).astype(space.dtype)
        case spaces.MultiBinary():
            return lambda action: action.reshape(space.shape).astype(space.dtype)
        case _:
            return _read_parts(space, owner)


def _read_box(space: spaces.Box) -> Read:
    low, high = space.low, space.high
    if _stretched(space):
        half = (high.astype(np.float64) - low) / 2
        return lambda action: np.clip(low + (action + 1.0) * half, low, high).astype(space.dtype)
    if low.size and ((low != low.flat[0]).any() or (high != high.flat[0]).any()):
        return lambda action: np.clip(action, low, high)
    return lambda action: action.copy()


def _read_parts(space: Any, owner: str) -> Read:
    readers: list[tuple[Any, Read, slice, bool]] = []
    start = 0
    for key, part in _parts(space, owner).values():
        described = action_space(part, owner)
        width = len(_choices(described))
        readers.append((key, read_action(part, owner), slice(start, start + width), isinstance(described, Discrete)))
        start += width

    def read(action: Array) -> Any:
        values = {key: one(action[where][0] if single else action[where]) for key, one, where, single in readers}
        return values if isinstance(space, spaces.Dict) else tuple(values.values())

    return read


def _parts(space: Any, owner: str) -> dict[str, tuple[Any, spaces.Space[Any]]]:
    """The parts of a Dict or Tuple: by marl's name, Gymnasium's key and the part."""
    items = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
    parts = {str(key): (key, part) for key, part in items}
    wrong = next((name for name in parts if "/" in name), None)
    if wrong is not None:
        raise UserError(
            f"{owner} has a space with a part called {wrong!r}, but '/' separates the levels of a tree here; wrap it "
            "so that the part has another name"
        )
    return parts


def _box(space: spaces.Box) -> Box:
    if not space.low.size:
        return Box(space.shape, dtype=str(space.dtype))
    return Box(space.shape, float(space.low.min()), float(space.high.max()), str(space.dtype))


def _stretched(space: spaces.Box) -> bool:
    low, high = space.low, space.high
    if space.dtype is None or space.dtype.kind != "f" or not np.isfinite(low).all() or not np.isfinite(high).all():
        return False
    return bool(low.size and ((low != low.flat[0]).any() or (high != high.flat[0]).any()))


def _options(space: spaces.MultiDiscrete | spaces.MultiBinary) -> tuple[int, ...]:
    if isinstance(space, spaces.MultiBinary):
        return (2,) * int(np.prod(space.shape))
    return tuple(np.ravel(space.nvec).tolist())


def _choices(space: Space) -> tuple[int, ...]:
    return (space.n,) if isinstance(space, Discrete) else space.nvec if isinstance(space, MultiDiscrete) else ()


def _short(space: Any) -> str:
    text = repr(space)
    return text if len(text) <= 80 else f"{text[:77]}..."
