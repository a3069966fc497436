"""What the kit looks at in an author's answers: an answer that does not fit is a sentence that names the method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from marl.errors import RunError
from marl.types import Array, Bools, Floats


def named(thing: object, method: str) -> str:
    """An author's method and where it stands, as in "Coin.play (coin.py, line 12)"."""
    code = getattr(getattr(type(thing), method), "__code__", None)
    place = f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""
    return f"{type(thing).__qualname__}.{method}{place}"


def played(game: object, answer: Any, shape: tuple[int, ...], flags: tuple[str, ...]) -> tuple[Any, ...]:
    """The answer of a `play`: rewards of `shape`, then `flags`, each `bool[L]`; from the second on a bool will do.

    Raises RunError, which says what came and what would be right.
    """
    parts = ("rewards", *flags)
    if not isinstance(answer, tuple) or len(answer) != len(parts):
        count = f"{len(answer)} values" if isinstance(answer, tuple) else described(answer)
        raise RunError(f"{named(game, 'play')} gave {count}; ({', '.join(parts)}) would be right")
    rewards: Floats = _fitting(game, "rewards", answer[0], shape, "biuf", "numbers")
    ends: list[Bools | bool] = []
    for number, (name, flag) in enumerate(zip(flags, answer[1:], strict=True)):
        if number and isinstance(flag, (bool, np.bool_)):
            ends.append(bool(flag))
        else:
            ends.append(_fitting(game, f"`{name}`", flag, shape[:1], "b", "bools"))
    return (rewards, *ends)


def columns(game: object, given: Any, declared: Mapping[str, str], count: int) -> dict[str, Floats]:
    """The answer of an `info`: every declared column `[L]`, or `[L, ...]`. Raises RunError as `played` does."""
    if not isinstance(given, Mapping) or set(given) != set(declared):
        came = f"the columns {sorted(map(str, given))}" if isinstance(given, Mapping) else described(given)
        raise RunError(f"{named(game, 'info')} gave {came}; {sorted(declared)}, as spec.info declares, would be right")
    for name, column in given.items():
        if np.shape(column)[:1] != (count,):
            raise RunError(
                f"{named(game, 'info')} gave the column {name!r} as {described(column)}; [{count}] would be right"
            )
    return {name: np.asarray(given[name], dtype=float) for name in declared}


def described(value: Any) -> str:
    """An array by its shape, anything else by its kind: "[32, 2]", "nothing (None)", "a str"."""
    if value is None:
        return "nothing (None)"
    return str(list(value.shape)) if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def _fitting(game: object, name: str, value: Any, shape: tuple[int, ...], kinds: str, what: str) -> Array:
    if isinstance(value, np.ndarray) and value.shape == shape:
        if value.dtype.kind in kinds:
            return value
        raise RunError(f"{named(game, 'play')} gave {name} of type {value.dtype}; {what} would be right")
    right = ", ".join(map(str, shape))
    raise RunError(f"{named(game, 'play')} gave {name} {described(value)}; [{right}] would be right")
