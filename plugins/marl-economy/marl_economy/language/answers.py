"""From what a model says to what is done: a JSON object in its text, whose value must be one that may be chosen."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any


class UnclearError(ValueError):
    """An answer that says nothing that can be done; the sentence says why."""


def named(text: str, name: str) -> Any:
    """The value under this name in the last JSON object of the text that has one. Raises UnclearError."""
    found = [one[name] for one in _objects(text) if name in one]
    if not found:
        raise UnclearError(f'no {{"{name}": ...}} in {shown(text)}')
    return found[-1]


def number(value: Any, name: str) -> float:
    """A finite number, also as text ("30 %"). Raises UnclearError."""
    if isinstance(value, str):
        value = value.replace("%", "").strip()
    try:
        result = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not math.isfinite(result):
        raise UnclearError(f"{name} is {shown(str(value))}, which is no number")
    return result


def within(value: float, low: float, high: float, name: str) -> float:
    """The number, if it is in the range. Raises UnclearError."""
    if not low <= value <= high:
        raise UnclearError(f"{name} is {value:g}, which is not from {low:g} to {high:g}")
    return value


def numbers(value: Any, count: int, name: str) -> list[float]:
    """So many numbers. Raises UnclearError."""
    if not isinstance(value, list) or len(value) != count:
        raise UnclearError(f"{name} is {shown(str(value))}; a list of {count} numbers would be right")
    return [number(one, name) for one in value]


def shown(text: str) -> str:
    """The beginning of a text, in one line and quoted."""
    line = " ".join(text.split())
    return repr(line[:80] + ("..." if len(line) > 80 else ""))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, from the first to the last."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                yield value
        at = text.find("{", end)
