"""Settings of an algorithm that differ between learners: where they lie, how they begin, and how they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from marl import rng
from marl.snapshot import JSON

Range: TypeAlias = tuple[float, float]


def ranges(given: Mapping[str, Sequence[float]]) -> dict[str, Range]:
    """What a scenario says of each setting. Raises ValueError unless it is two numbers above 0, the smaller first."""
    found = {}
    for name, ends in given.items():
        if len(ends) != 2 or not 0 < ends[0] <= ends[1]:
            raise ValueError(f"explore: {name} must be two numbers above 0, the smaller first, but it is {list(ends)}")
        found[name] = (ends[0], ends[1])
    if not found:
        raise ValueError("explore names no setting of the algorithm: say which differ, as in {lr: [0.0001, 0.01]}")
    return found


def drawn(known: Mapping[str, Range], seed: int) -> dict[str, float]:
    """A value for each setting, alike on a logarithmic scale."""
    draws = rng.uniform(rng.mix(seed, range(len(known))))
    return {
        name: _within(ends, float(ends[0] * (ends[1] / ends[0]) ** draw))
        for (name, ends), draw in zip(known.items(), draws, strict=True)
    }


def perturbed(known: Mapping[str, Range], values: Mapping[str, float], factor: float, seed: int) -> dict[str, float]:
    """Each value multiplied or divided by `factor`, as a toss says, and kept in its range."""
    up = rng.uniform(rng.mix(seed, range(len(known)))) < 0.5
    return {
        name: _within(ends, values[name] * factor if rises else values[name] / factor)
        for (name, ends), rises in zip(known.items(), up, strict=True)
    }


def with_values(params: Mapping[str, JSON], values: Mapping[str, float]) -> dict[str, JSON]:
    """Parameters with these settings; a dot leads into a group of them, as in `model.memory`."""
    found: dict[str, Any] = dict(params)
    for name, value in values.items():
        *groups, last = name.split(".")
        group = found
        for part in groups:
            group[part] = dict(group.get(part) or {})
            group = group[part]
        group[last] = value
    return found


def _within(ends: Range, value: float) -> float:
    """In the range, and whole where both its ends are whole numbers."""
    low, high = ends
    clipped = float(np.clip(value, low, high))
    return round(clipped) if isinstance(low, int) and isinstance(high, int) else clipped
