"""Reading actions: what a bot wrote, held against its action space and what is legal there.

A line is read a second time where something is wrong with it: `quick_object` is several times as fast, and
`parse_object` says in a sentence what is wrong, and knows integers of any size. What the first takes, the second does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import orjson

from marl.space import Box, Discrete, MultiDiscrete, Space
from marl.types import Array

Reader: TypeAlias = Callable[[Any, Array | None], Any]  # a value and what is legal, to an action
_SHOWN = 80


class Malformed(Exception):
    """This is no action at all: a protocol error."""


class Illegal(Exception):
    """This is an action, and the rules do not allow it here."""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def quick_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object in a line; None where `parse_object` should look at it."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if type(value) is dict else None


def parse_object(line: bytes) -> dict[str, Any]:
    """The JSON object in a line. Raises Malformed with a sentence; never anything else, whatever the bytes are."""
    try:
        text = line.decode("utf-8").strip()
        value, end = _decoder.raw_decode(text)
        if end != len(text):
            raise ValueError(f"more follows after its end at column {end + 1}")
    except UnicodeDecodeError:
        raise Malformed(f"{shorten(line)} is not UTF-8 text") from None
    except RecursionError:
        raise Malformed(f"{shorten(line)} is nested too deep") from None
    except ValueError as error:
        raise Malformed(f"{shorten(line)} is not one JSON object on a line: {error}") from None
    if not isinstance(value, dict):
        raise Malformed(f"{shorten(line)} is JSON, but not an object: {{...}}")
    return value


def shorten(line: bytes) -> str:
    """The beginning of a line, readable."""
    shown = repr(line[:_SHOWN])[2:-1]
    return f"'{shown}'" + (f"... ({len(line)} bytes)" if len(line) > _SHOWN else "")


def read_action(space: Space, value: Any, mask: Array | None) -> Any:
    """The action as the environment takes it: an int, or an array. Raises Malformed or Illegal with a sentence."""
    return action_reader(space)(value, mask)


def action_reader(space: Space) -> Reader:
    """What reads the actions of a space; see `read_action`."""
    match space:
        case Discrete(n):
            return partial(_number, n)
        case MultiDiscrete(nvec):
            return partial(_choices, nvec)
        case Box():
            return partial(_numbers, space)
        case _:
            return partial(_unknown, space)


def _unknown(space: Space, value: Any, mask: Array | None) -> Any:
    raise Malformed(f"actions of {space} cannot be sent")


def _number(n: int, value: Any, mask: Array | None) -> int:
    if type(value) is not int:
        raise Malformed(f"the action {_show(value)} is not an integer")
    if not 0 <= value < n or (mask is not None and not mask[value]):
        raise Illegal(f"the action {_show(value)} is not legal here")
    return value


def _choices(nvec: tuple[int, ...], value: Any, mask: Array | None) -> Array:
    if not isinstance(value, list) or len(value) != len(nvec) or any(type(entry) is not int for entry in value):
        raise Malformed(f"the action {_show(value)} is not a list of {len(nvec)} integers")
    start = 0
    for place, (entry, n) in enumerate(zip(value, nvec, strict=True)):
        if not 0 <= entry < n or (mask is not None and not mask[start + entry]):
            raise Illegal(f"entry {place} of the action {_show(value)} is not legal here")
        start += n
    return np.array(value, dtype=np.int64)


def _numbers(box: Box, value: Any, mask: Array | None) -> Array:
    wanted = f"numbers of the shape {list(box.shape)}" if box.shape else "a number"
    whole = np.dtype(box.dtype).kind in "iub"
    if not _has_shape(value, box.shape, (int,) if whole else (int, float)):
        raise Malformed(f"the action {_show(value)} is not {'whole ' if whole else ''}{wanted}")
    try:
        exact = np.array(value, dtype=np.float64)
    except (OverflowError, ValueError):
        raise Illegal(f"the action {_show(value)} has a number that is too large") from None
    if not np.isfinite(exact).all() or (exact < box.low).any() or (exact > box.high).any():
        raise Illegal(f"the action {_show(value)} is not between {box.low:g} and {box.high:g}")
    return np.clip(exact, box.low, box.high).astype(box.dtype)


def _has_shape(value: Any, shape: tuple[int, ...], kinds: tuple[type, ...]) -> bool:
    if not shape:
        return type(value) in kinds
    return isinstance(value, list) and len(value) == shape[0] and all(_has_shape(v, shape[1:], kinds) for v in value)


def _show(value: Any) -> str:
    try:
        text = json.dumps(value)
    except (ValueError, RecursionError):
        text = f"(a {type(value).__name__})"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
