"""Numbers over env steps: what an update logged, thinned to what a picture can show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.types import Floats

BINS = 160  # places along an axis, at most


@dataclass(frozen=True)
class Point:
    """A value at so many env steps, and the range it is in: an interval, or that of the updates of a bin."""

    at: float
    value: float
    low: float
    high: float


Series = tuple[Point, ...]


def collected(events: Iterable[Mapping[str, Any]]) -> dict[str, Series]:
    """Every number of the events by name, in the order in which the names appear; at most BINS points each.

    All share the bins, which are evenly wide in env steps. A number that is missing or not finite leaves no trace.
    """
    steps: dict[str, list[float]] = {}
    values: dict[str, list[float]] = {}
    for event in events:
        for name, value in event.items():
            if name not in ("event", "time", "step") and is_number(value):
                steps.setdefault(name, []).append(float(event["step"]))
                values.setdefault(name, []).append(float(value))
    every = np.unique(np.array([step for known in steps.values() for step in known]))
    return {name: binned(np.array(steps[name]), np.array(values[name]), every) for name in steps}


def is_number(value: Any) -> bool:
    """Whether something can be drawn."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def binned(steps: Floats, values: Floats, every: Floats) -> Series:
    """The mean, the least and the greatest value of each bin; `every`: the steps that the bins are made for."""
    if len(every) <= BINS:
        where = np.searchsorted(every, steps)
    else:
        edges = np.linspace(0, every[-1], BINS + 1)[1:-1]
        where = np.searchsorted(edges, steps)
    points = []
    for bin_ in np.unique(where):
        inside = where == bin_
        mine = values[inside]
        points.append(Point(float(steps[inside].mean()), float(mine.mean()), float(mine.min()), float(mine.max())))
    return tuple(points)
