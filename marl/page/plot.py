"""Curves over an axis: the room they have, axes, paths, and what a pointer reads out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeVar

from marl.page.scale import Linear, Tick, plain
from marl.page.text import embed, escape

Place = tuple[float, float]  # on paper: x to the right, y downward
CURSOR = '<g class="cursor"></g>'  # where the page's script draws what is pointed at
T = TypeVar("T")


class Scale(Protocol):
    """Maps values to positions on paper, and knows round values."""

    def __call__(self, value: float) -> float:
        """Where a value is on the paper."""

    def ticks(self, wanted: int = 6) -> list[Tick]:
        """About so many round values, and where they are."""


@dataclass(frozen=True)
class Sheet:
    """A drawing's size and the edges of the curves in it, in pixels; around them is room for the axes."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def across(self, low: float, high: float, label: Callable[[float], str] = plain) -> Linear:
        """An even horizontal scale over the whole width."""
        return Linear(low, high, self.left, self.right, label)

    def up(self, low: float, high: float, label: Callable[[float], str] = plain) -> Linear:
        """An even vertical scale over the whole height; high values are on top."""
        return Linear(low, high, self.bottom, self.top, label)


def axes(sheet: Sheet, x: Scale, y: Scale, titles: tuple[str, str], wanted: tuple[int, int] = (8, 6)) -> str:
    """Both axes, with lines at their ticks. `titles`: of the horizontal and the vertical one, "" for none."""
    parts = []
    for value, label in y.ticks(wanted[1]):
        at = y(value)
        weight = "grid" if label else "grid minor"
        parts.append(f'<path class="{weight}" d="M{sheet.left:g} {at:.1f}H{sheet.right:g}"/>')
        parts.append(f'<text x="{sheet.left - 10:g}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for value, label in x.ticks(wanted[0]):
        at = x(value)
        parts.append(f'<path class="grid" d="M{at:.1f} {sheet.bottom:g}v5"/>')
        parts.append(f'<text x="{at:.1f}" y="{sheet.bottom + 20:g}" text-anchor="middle">{label}</text>')
    centre, middle = (sheet.left + sheet.right) / 2, (sheet.top + sheet.bottom) / 2
    across, up = map(escape, titles)
    if across:
        parts.append(
            f'<text class="axis" x="{centre:g}" y="{sheet.height - 10:g}" text-anchor="middle">{across}</text>'
        )
    if up:
        turn = f'transform="rotate(-90 16 {middle:g})"'
        parts.append(f'<text class="axis" x="16" y="{middle:g}" text-anchor="middle" {turn}>{up}</text>')
    return "".join(parts)


def polyline(places: Sequence[Place]) -> str:
    """Path data through all places."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def stairs(places: Sequence[Place]) -> str:
    """Path data that holds each height until the next place, with a corner only where the height changes."""
    corners = [f"M{places[0][0]:.1f} {places[0][1]:.1f}"]
    for (_, before), (x, y) in pairwise(places):
        if y != before:
            corners.append(f"H{x:.1f}V{y:.1f}")
    return "".join(corners) + f"H{places[-1][0]:.1f}"


def band(upper: Sequence[Place], lower: Sequence[Place]) -> str:
    """Path data around what lies between two lines of places."""
    return polyline([*upper, *reversed(lower)]) + "Z"


def thinned(points: Sequence[T], most: int) -> list[T]:
    """At most about `most` of the points, evenly; the last always among them."""
    step = -(-len(points) // most)
    return list(points) if step <= 1 else [*points[:-1:step], points[-1]]


def read_out(sheet: Sheet, at: Sequence[Sequence[float | None]], says: Sequence[str]) -> str:
    """What the script needs to say what a pointer is at.

    `at`: for each place along the axis its x and the y of every curve there (None: that curve has no point there).
    """
    rounded = [[None if place is None else round(place, 1) for place in column] for column in at]
    return embed({"kind": "curve", "at": rounded, "says": list(says), "span": [sheet.top, sheet.bottom]})
