"""Gymnasium's spaces as marl's, with functions that carry observations and actions across.

| Gymnasium | marl, for observations | marl, for actions |
|---|---|---|
| `Box` | `Box` with the loosest bounds of any entry | `Box`; see `marl.adapters.box_actions` for bounds that differ |
| `Discrete` | `Discrete`, counted from 0 | the same |
| `MultiDiscrete` | `MultiDiscrete`, flat, counted from 0 | the same |
| `MultiBinary` | `MultiDiscrete` of twos, flat | the same |
| `Dict` | `Tree` | its parts side by side: `MultiDiscrete` if all are discrete, a flat `Box` if all are real boxes |
| `Tuple` | `Tree` with the fields "0", "1", ... | the same |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from marl.adapters import box_actions
from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import Array, ArrayTree

Write = Callable[[ArrayTree, int, Any], None]  # puts what Gymnasium shows into row `lane` of a batch
Read = Callable[[Any], Any]  # one legal action, as Gymnasium wants it; never a view of the batch it came from


def visible(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """An observation space without the `action_mask` in it; see `marl.adapters.unmasked`."""
    if not isinstance(space, spaces.Dict) or "action_mask" not in space.spaces:
        return space
    rest = {key: part for key, part in space.spaces.items() if key != "action_mask"}
    return rest["observation"] if set(rest) == {"observation"} else spaces.Dict(rest)


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
            return _joined([space])[0]
        case spaces.Discrete():
            return Discrete(int(space.n))
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return MultiDiscrete(_options(space))
        case spaces.Dict() | spaces.Tuple() if len(space.spaces):
            boxes = _real_boxes(space)
            if boxes:
                return _joined(boxes)[0]
            inner = [action_space(part, owner) for _, part in _parts(space, owner).values()]
            if all(isinstance(part, (Discrete, MultiDiscrete)) for part in inner):
                return MultiDiscrete(tuple(n for part in inner for n in _choices(part)))
    raise UserError(
        f"{owner} wants actions of the space {_short(space)}, but an agent acts in a Box or in discrete choices; wrap "
        "it with gymnasium.wrappers.TransformAction so that it takes one of these"
    )


def read_action(space: spaces.Space[Any], owner: str) -> Read:
    """How an action of `action_space(space, owner)` becomes one of Gymnasium's."""
    match space:
        case spaces.Box():
            return _joined([space])[1]
        case spaces.Discrete():
            start = int(space.start)
            return lambda action: action + start
        case spaces.MultiDiscrete():
            return lambda action: (action.reshape(space.nvec.shape) + space.start).astype(space.dtype)
        case spaces.MultiBinary():
            return lambda action: action.reshape(space.shape).astype(space.dtype)
        case _:
            return _read_parts(space, owner)


def _joined(boxes: list[spaces.Box]) -> tuple[Box, Read]:
    """The box in which boxes side by side are acted in, flat if there are several, and how to read its actions."""
    if len(boxes) == 1:
        return box_actions(boxes[0].low, boxes[0].high, str(boxes[0].dtype))
    low, high = (np.concatenate([np.ravel(getattr(box, name)) for box in boxes]) for name in ("low", "high"))
    return box_actions(low, high, str(np.result_type(low, high)))


def _real_boxes(space: Any) -> list[spaces.Box]:
    """The parts of a Dict or Tuple, where all are boxes of real numbers; else none."""
    parts = list(space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces)
    return parts if all(isinstance(part, spaces.Box) and _kind(part) == "f" for part in parts) else []


def _kind(space: spaces.Box) -> str:
    return "" if space.dtype is None else space.dtype.kind


def _read_parts(space: Any, owner: str) -> Read:
    readers: list[tuple[Any, Read, slice]] = []
    boxes = _real_boxes(space)
    convert: Read = _joined(boxes)[1] if boxes else lambda action: action
    start = 0
    for key, part in _parts(space, owner).values():
        read, width = _read_part(part, owner, bool(boxes))
        readers.append((key, read, slice(start, start + width)))
        start += width

    def read_all(action: Array) -> Any:
        whole = convert(action)
        values = {key: read(whole[where]) for key, read, where in readers}
        return values if isinstance(space, spaces.Dict) else tuple(values.values())

    return read_all


def _read_part(part: Any, owner: str, real: bool) -> tuple[Read, int]:
    """How one of several parts is read from its entries, and how many it has. `real`: they are the box's numbers."""
    if real:
        return lambda entries: entries.reshape(part.shape).astype(part.dtype), part.low.size
    described, read = action_space(part, owner), read_action(part, owner)
    if isinstance(described, Discrete):
        return lambda entries: read(entries[0]), 1
    return read, len(_choices(described))


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


def _options(space: spaces.MultiDiscrete | spaces.MultiBinary) -> tuple[int, ...]:
    if isinstance(space, spaces.MultiBinary):
        return (2,) * int(np.prod(space.shape))
    return tuple(np.ravel(space.nvec).tolist())


def _choices(space: Space) -> tuple[int, ...]:
    return (space.n,) if isinstance(space, Discrete) else space.nvec if isinstance(space, MultiDiscrete) else ()


def _short(space: Any) -> str:
    text = repr(space)
    return text if len(text) <= 80 else f"{text[:77]}..."
