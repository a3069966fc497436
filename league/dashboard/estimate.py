"""How long it will still take: an honest extrapolation, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from league.dashboard.progress import Point, RunInfo
from marl.types import Floats

FEWEST = 8  # points to fit a line to
MOST = 200  # points that add anything to a fit
SOONEST = 2.0  # seconds of run time: before, start-up costs drown the trend
FARTHEST = 50.0  # times the run time so far: beyond, an extrapolation is a guess


@dataclass(frozen=True)
class Estimate:
    """Seconds left to the stop condition that is likely to come first, and that condition in words."""

    seconds: float
    toward: str


def estimate(points: list[Point], info: RunInfo, now: float) -> Estimate | None:
    """The nearest of the stop conditions that can be foreseen, or None."""
    found = []
    if info.seconds is not None:
        found.append(Estimate(max(info.seconds - now, 0.0), f"the limit of {info.seconds:g} s"))
    if now < SOONEST:
        return found[0] if found else None
    recent = [point for point in points if point.seconds > 0 and point.seconds >= now / 2]
    recent = recent[:: -(-len(recent) // MOST)] if recent else []
    if info.iterations is not None:
        at = reaches_iteration(recent, info.iterations) or steadily(points, info.iterations, now)
        if at is not None:
            found.append(Estimate(max(at - now, 0.0), f"iteration {info.iterations:,}"))
    below = info.headline.bound.below if info.headline is not None else None
    if info.headline and below is not None and (at := reaches_target(recent, below, now)) is not None:
        found.append(Estimate(max(at - now, 0.0), f"{info.headline.about.title} {below:g}"))
    near = [one for one in found if one.seconds <= FARTHEST * max(now, 1.0) or one is found[0]]
    return min(near, key=lambda one: one.seconds, default=None)


def reaches_iteration(points: list[Point], last: int) -> float | None:
    """The run time at which iteration `last` ends: iterations grow as a power of time, since later ones cost more."""
    chosen = [point for point in points if point.iteration > 0]
    if len(chosen) < FEWEST:
        return None
    line = fit(np.log([p.seconds for p in chosen]), np.log([p.iteration for p in chosen]))
    if line is None or line.slope <= 0:
        return None
    return exponential((math.log(last) - line.offset) / line.slope)


def steadily(points: list[Point], last: int, now: float) -> float | None:
    """The run time at which iteration `last` ends where few are done: the others take what the newest of them took."""
    newest = points[-4:]
    if len(newest) < 2 or (came := newest[-1].iteration - newest[0].iteration) <= 0:
        return None
    each = (newest[-1].seconds - newest[0].seconds) / came
    left = last - newest[-1].iteration
    return max(newest[-1].seconds + left * each, now + max(left - 1, 0) * each)


def reaches_target(points: list[Point], target: float, now: float) -> float | None:
    """The run time at which the first measure falls below the target. None where the fall is not clear.

    It may fall on exponentially, or as a power of time; runs lie between, so this is the geometric mean of both
    remainders, each weighed by how well it fits the recent points.
    """
    chosen = [(p.seconds, p.value) for p in points if p.value is not None and p.value > 0]
    if len(chosen) < FEWEST or target <= 0:
        return None
    seconds, height = np.array([c[0] for c in chosen]), np.log([c[1] for c in chosen])
    straight, power = fit(seconds, height), fit(np.log(seconds), height)
    if straight is None or power is None or straight.slope > -2 * straight.error:
        return None
    level = math.log(target)
    soon = (level - straight.offset) / straight.slope - now
    late = (exponential((level - power.offset) / power.slope) or math.inf) - now
    if min(soon, late) <= 0:
        return now
    trust = (power.residual + 1e-12) / (power.residual + straight.residual + 2e-12)
    return now + math.exp(trust * math.log(soon) + (1 - trust) * math.log(min(late, FARTHEST * max(now, 1.0))))


@dataclass(frozen=True)
class Line:
    """A least-squares line: `offset + slope * x`, the standard error of its slope, and the sum of squares it leaves."""

    offset: float
    slope: float
    error: float
    residual: float


def fit(x: Floats, y: Floats) -> Line | None:
    """The least-squares line through points, or None where they lie above one another."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread <= 0:
        return None
    slope = float(centred @ (y - y.mean())) / spread
    offset = float(y.mean() - slope * x.mean())
    residual = float(((y - offset - slope * x) ** 2).sum())
    return Line(offset, slope, math.sqrt(residual / max(len(x) - 2, 1) / spread), residual)


def exponential(value: float) -> float | None:
    """`exp`, or None where that is beyond any clock."""
    return math.exp(value) if value < 30 else None
