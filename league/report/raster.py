"""A table drawn as an image in an SVG, with axes, a legend and the numbers that a pointer reads out."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from marl.page.colour import Maps, levels, themed_images
from marl.page.scale import index_ticks
from marl.page.text import embed, escape
from marl.types import Array, Floats
from marl.words import clipped

LARGEST = 512  # cells a side; larger tables are binned
NAMED = 24  # with at most so many cells an axis shows names instead of numbers


@dataclass(frozen=True)
class Axis:
    """One axis: a title and a name per cell. `first` is the number of the first cell; names come from the user."""

    title: str
    names: tuple[str, ...]
    first: int = 0
    weights: Floats | None = None

    @property
    def ticks(self) -> list[tuple[int, str]]:
        """`(cell, label)`: names where there is room for them, round numbers where there is not."""
        if len(self.names) <= NAMED:
            return [(index, clipped(name, 16)) for index, name in enumerate(self.names)]
        marks = index_ticks(len(self.names) + self.first)
        return [(mark - self.first, str(mark)) for mark in marks if mark >= self.first]


@dataclass(frozen=True)
class Frame:
    """Where the picture lies inside the SVG, in pixels."""

    left: float
    top: float
    width: float
    height: float


def bins(count: int) -> list[slice]:
    """At most LARGEST runs of neighbours that together hold `count` cells."""
    edges = np.linspace(0, count, min(count, LARGEST) + 1).round().astype(int)
    return [slice(int(low), int(high)) for low, high in pairwise(edges)]


def binned(values: Floats, pool: Callable[[Floats], float]) -> Floats:
    """The table itself while it is small enough; otherwise each bin's `pool` (NaN where all is NaN)."""
    if max(values.shape) <= LARGEST:
        return values
    rows, columns = bins(values.shape[0]), bins(values.shape[1])
    result = np.full((len(rows), len(columns)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            known = values[row, column][~np.isnan(values[row, column])]
            if known.size:
                result[i, j] = pool(known)
    return result


def binned_names(names: Sequence[str]) -> list[str]:
    """A name per bin: its player's, or "first to last"."""
    if len(names) <= LARGEST:
        return list(names)
    return [
        names[b.start] if b.stop - b.start == 1 else f"{names[b.start]} to {names[b.stop - 1]}"
        for b in bins(len(names))
    ]


def picture(values: Floats, bounds: tuple[float, float], maps: Maps, frame: Frame, *, smooth: bool) -> str:
    """The coloured cells over a ground that shows through where a value is NaN."""
    place = {"x": frame.left, "y": frame.top, "width": frame.width, "height": frame.height}
    size = " ".join(f'{name}="{value:g}"' for name, value in place.items())
    image = themed_images(levels(values, *bounds), maps, **place)
    style = "" if smooth else ' class="cells"'
    return f'<rect class="ground" {size}/><g{style}>{image}</g><rect class="frame" {size}/>'


def column_axis(axis: Axis, frame: Frame, title: str | None = None) -> str:
    """Labels under the picture; long names lean."""
    step, y = frame.width / len(axis.names), frame.top + frame.height
    lean = len(axis.names) <= NAMED and max(len(label) for _, label in axis.ticks) * 7 > step
    parts = []
    for cell, label in axis.ticks:
        x = frame.left + (cell + 0.5) * step
        turn = f' transform="rotate(-35 {x:.1f} {y + 14:.1f})"' if lean else ""
        anchor = "end" if lean else "middle"
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="{anchor}"{turn}>{escape(label)}</text>')
    depth = y + (24 + 0.6 * 7 * max(len(label) for _, label in axis.ticks) if lean else 38)
    centre = frame.left + frame.width / 2
    parts.append(
        f'<text class="axis" x="{centre:.1f}" y="{depth + (16 if lean else 0):.1f}" text-anchor="middle">'
        f"{escape(title or axis.title)}</text>"
    )
    return "".join(parts)


def row_axis(axis: Axis, frame: Frame, *, upward: bool = False) -> str:
    """Labels left of the picture, the first row on top, or at the bottom where the axis goes upward."""
    count = len(axis.names)
    step = frame.height / count
    parts = []
    for cell, label in axis.ticks:
        row = count - 1 - cell if upward else cell
        y = frame.top + (row + 0.5) * step
        parts.append(f'<text x="{frame.left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    x, y = 14, frame.top + frame.height / 2
    parts.append(
        f'<text class="axis" x="{x}" y="{y:.1f}" text-anchor="middle" transform="rotate(-90 {x} {y:.1f})">'
        f"{escape(axis.title)}</text>"
    )
    return "".join(parts)


def label_room(axis: Axis) -> float:
    """Pixels that the labels of a vertical axis need."""
    return 34 + 7.2 * max((len(label) for _, label in axis.ticks), default=1)


def legend(maps: Maps, frame: Frame, ticks: Sequence[tuple[float, str]], title: str) -> str:
    """A horizontal colour bar with ticks `(0..1, label)`."""
    bar = themed_images(
        np.arange(1, 256, dtype=np.uint8)[None, :],
        maps,
        x=frame.left,
        y=frame.top,
        width=frame.width,
        height=frame.height,
    )
    parts = [
        f'<text class="axis" x="{frame.left - 10:g}" y="{frame.top + frame.height - 1:g}" text-anchor="end">'
        f"{escape(title)}</text>",
        bar,
    ]
    for where, label in ticks:
        x = frame.left + where * frame.width
        parts.append(
            f'<text x="{x:.1f}" y="{frame.top + frame.height + 14:g}" text-anchor="middle">{escape(label)}</text>'
        )
    return "".join(parts)


def packed(values: Array, levels: int = 65534) -> dict[str, Any]:
    """A table `[R, C]` in few bytes: `levels` steps between its least and its greatest number,
    deflated, base64.

    NaN is step 65535. All high bytes come before all low ones, which deflates better. The script reads it back to
    within half a step; fewer steps take fewer bytes.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    span = (high - low) or 1.0
    steps = np.where(np.isfinite(values), np.rint((np.nan_to_num(values) - low) / span * levels), 65535)
    planes = np.ascontiguousarray(steps.astype(">u2").reshape(-1, 1).view(np.uint8).T)
    text = base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()
    return {"rows": values.shape[0], "columns": values.shape[1], "low": low, "step": span / levels, "steps": text}


def read_out(
    kind: str,
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    frame: Frame,
    levels: int = 65534,
    **more: Any,
) -> str:
    """What the page's script needs to say what lies under the pointer."""
    return embed(
        {
            "kind": kind,
            "values": packed(values, levels),
            "rows": list(rows),
            "columns": list(columns),
            "frame": [frame.left, frame.top, frame.width, frame.height],
            **more,
        }
    )
