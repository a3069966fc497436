"""Ranges of parameters, for the `__post_init__` of their dataclasses: a wrong value is named with its key."""

from __future__ import annotations


def at_least(params: object, least: float, *names: str) -> None:
    """Raises ValueError unless each of these parameters is `least` or more, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not value >= least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
