"""Ranges of parameters, for the `__post_init__` of their dataclasses: a wrong value is named with its key."""

from __future__ import annotations

import math


def at_least(params: object, least: float, *names: str) -> None:
    """Raises ValueError unless each of these parameters is finite and `least` or more, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not least <= value < math.inf:
            more = "finite and " if value == math.inf else ""
            raise ValueError(f"{name} must be {more}at least {least}, not {value}")


def above(params: object, bound: float, *names: str) -> None:
    """Raises ValueError unless each of these parameters is finite and above `bound`, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not bound < value < math.inf:
            raise ValueError(f"{name} must be finite and above {bound}, not {value}")


def at_most(params: object, most: float, *names: str) -> None:
    """Raises ValueError unless each of these parameters is `most` or less, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not value <= most:
            raise ValueError(f"{name} must be at most {most}, not {value}")
