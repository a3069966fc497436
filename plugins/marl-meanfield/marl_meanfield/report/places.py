"""Who is where when: a heat map over time for states on a line, moments side by side for states on a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from league.report.raster import Axis, Frame, column_axis, label_room, legend, picture, row_axis
from marl.page.colour import SEQUENTIAL
from marl.page.figure import figure, section, svg, switch
from marl.page.plot import CURSOR
from marl.page.text import embed, escape
from marl.types import Floats
from marl.words import number
from marl_meanfield.report.view import View

WIDE, HIGH = 860.0, 380.0  # pixels of a heat map over time, at most
MOMENT, MOMENTS, ACROSS = 220.0, 8, 4  # pixels of a moment, how many there are, and how many side by side
SHOWN = 40_000  # cells that the pointer can read out


@dataclass(frozen=True)
class Map:
    """A table of shares `[R, C]`, what its rows and columns are, and where it is drawn."""

    shares: Floats
    rows: Axis
    columns: Axis
    frame: Frame


def places_section(view: View) -> str:
    """A figure for each population."""
    draw = on_grid if len(view.layout) == 2 else on_line
    bounds = [bound(view.flow[:, number]) for number in range(len(view.populations))]
    figures = [
        draw(view, name, view.flow[:, number], bounds[number], hidden=number > 0)
        for number, name in enumerate(view.populations)
    ]
    choice = switch("places", list(view.populations), "population") if len(figures) > 1 else ""
    lead = "Darker is fuller; colours follow the root of the share, so that few can be seen too."
    body = f'{choice}<div class="alternatives">{"".join(figures)}</div>'
    return section("places", "Who is where", body, lead)


def bound(shares: Floats) -> float:
    """The share at which colours end: the largest, but for the first moment, in which all may be in one place."""
    later = shares[1:] if len(shares) > 1 else shares
    return float(later.max()) or 1.0


def on_line(view: View, name: str, shares: Floats, most: float, *, hidden: bool) -> str:
    """States upward, time to the right."""
    table = shares.T[::-1]
    rows, columns = table.shape
    step = max(2.0, min(44.0, WIDE / columns))
    high = max(120.0, min(HIGH, 30.0 * rows))
    axis = Axis("state", tuple(str(state) for state in range(rows - 1, -1, -1)))
    up = Axis("state", tuple(str(state) for state in range(rows)))
    frame = Frame(label_room(axis), 10, step * columns, high)
    one = Map(table, axis, Axis("time", tuple(map(str, range(columns)))), frame)
    body = coloured(one, most) + column_axis(one.columns, frame) + row_axis(up, frame, upward=True) + CURSOR
    return finished(body, [one], most, frame.left + frame.width + 12, frame.top + frame.height + 64, name, hidden)


def on_grid(view: View, name: str, shares: Floats, most: float, *, hidden: bool) -> str:
    """A few moments, row by row."""
    rows, columns = view.layout
    times = np.unique(np.linspace(0, len(shares) - 1, min(MOMENTS, len(shares))).round().astype(int))
    scale = MOMENT / max(rows, columns)
    maps, body = [], ""
    for place, time in enumerate(times.tolist()):
        left, top = 12 + (place % ACROSS) * (MOMENT + 26), 30 + (place // ACROSS) * (scale * rows + 44)
        frame = Frame(left, top, scale * columns, scale * rows)
        names = Axis(f"time {time}, row", tuple(map(str, range(rows)))), Axis("column", tuple(map(str, range(columns))))
        maps.append(Map(shares[time].reshape(rows, columns), *names, frame))
        body += f'<text class="axis" x="{left:g}" y="{top - 9:.1f}">time {time}</text>' + coloured(maps[-1], most)
    wide = 12 + min(len(maps), ACROSS) * (MOMENT + 26)
    high = max(one.frame.top + one.frame.height for one in maps) + 24
    return finished(body + CURSOR, maps, most, wide, high, name, hidden)


def coloured(one: Map, most: float) -> str:
    """The cells."""
    return picture(np.sqrt(one.shares / most), (0.0, 1.0), SEQUENTIAL, one.frame, smooth=False)


def finished(body: str, maps: list[Map], most: float, wide: float, high: float, name: str, hidden: bool) -> str:
    """The figure, with its legend and what the pointer reads out."""
    bar = Frame(maps[0].frame.left + 60, high, 220, 12)
    ticks = [(0.0, "0"), (0.5, number(most / 4, 2)), (1.0, number(most, 2))]
    body += legend(SEQUENTIAL, bar, ticks, "share")
    drawing = svg(body, max(wide, 420.0), high + 34, f"Distribution of {name} over time")
    data = ""
    if sum(one.shares.size for one in maps) <= SHOWN:
        data = embed({"kind": "shares", "maps": [packed(one) for one in maps]})
    return figure(drawing, data, escape(name), hidden=hidden, name=name)


def packed(one: Map) -> dict[str, object]:
    """A map for the page's script: shares to four digits."""
    frame = one.frame
    return {
        "frame": [frame.left, frame.top, frame.width, frame.height],
        "rows": [f"{one.rows.title} {name}" for name in one.rows.names],
        "columns": [f"{one.columns.title} {name}" for name in one.columns.names],
        "shares": [[float(f"{share:.4g}") for share in row] for row in one.shares.tolist()],
    }
