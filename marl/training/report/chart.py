"""Lines with their ranges over env steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from marl.page.figure import svg
from marl.page.plot import CURSOR, Sheet, axes, band, polyline, read_out
from marl.page.scale import Linear, Log
from marl.page.text import escape
from marl.training.report.series import Point, Series
from marl.words import clipped, compact, number

COLOURS = 8  # in page.css: c0 to c7 for modules and opponents, and c8
MARKED = 60  # with more points than these a line goes without dots


@dataclass(frozen=True)
class Across:
    """The horizontal axis: its name. `counts`: it counts something from 0 on; else it shows the range of the lines."""

    name: str
    counts: bool = False


ENV_STEPS = Across("env steps", counts=True)


@dataclass(frozen=True)
class Line:
    """A series, its name ("" where it is the only one), and its newest value.

    `colour`: one of COLOURS, or the one after them, which belongs to nobody.
    """

    name: str
    series: Series
    colour: int = 0
    now: float | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over one pair of axes. `bounds`: the least and the greatest value shown; what lies beyond sticks to the
    edge. `label` writes a value, and `title` is that of the vertical axis, "" for none; `across` is the horizontal one.

    `interval`: whether the ranges are intervals around the values, which the pointer then reads out too. `log`: the
    vertical axis is logarithmic, and `bounds` are above 0.
    """

    sheet: Sheet
    lines: Sequence[Line]
    bounds: tuple[float, float]
    label: Callable[[float], str]
    title: str = ""
    interval: bool = False
    across: Across = ENV_STEPS
    wanted: tuple[int, int] = (8, 6)
    log: bool = False

    @property
    def scales(self) -> tuple[Linear, Linear | Log]:
        """From places across to x, from values to y."""
        places = [point.at for line in self.lines for point in line.series]
        ends = (0.0, max(*places, 1.0), compact) if self.across.counts else (min(places), max(places))
        up = Log(*self.bounds, self.sheet.bottom, self.sheet.top) if self.log else None
        return self.sheet.across(*ends), up or self.sheet.up(*self.bounds, self.label)

    def drawing(self, says: str) -> str:
        """The picture; `says` is what a screen reader says."""
        x, y = self.scales
        titles = (self.across.name, self.title) if self.title else ("", "")
        body = axes(self.sheet, x, y, titles, self.wanted)
        body += "".join(self._line(line, x, y) for line in self.lines) + CURSOR
        return svg(body, self.sheet.width, self.sheet.height, says)

    def data(self) -> str:
        """What a pointer reads out."""
        x, y = self.scales
        steps = sorted({point.at for line in self.lines for point in line.series})
        known = [{point.at: point for point in line.series} for line in self.lines]
        at: list[list[float | None]] = []
        says = []
        for step in steps:
            here = [points.get(step) for points in known]
            at.append([x(step), *(None if point is None else y(self._inside(point.value)) for point in here)])
            says.append("\n".join([self._place(step), *self._readings(here)]))
        return read_out(self.sheet, at, says)

    def _place(self, at: float) -> str:
        name = self.across.name
        return f"{at:,.0f} {name}" if self.across.counts else f"{name} {number(at)}"

    def _readings(self, points: Iterable[Point | None]) -> Iterable[str]:
        for line, point in zip(self.lines, points, strict=True):
            if point is not None:
                text = f"{clipped(line.name, 40)} {self.label(point.value)}".strip()
                if self.interval and point.low < point.high:
                    text += f" ({self.label(point.low)} to {self.label(point.high)})"
                yield text

    def _line(self, line: Line, x: Linear, y: Linear | Log) -> str:
        places = [(x(point.at), y(self._inside(point.value))) for point in line.series]
        upper = [(x(point.at), y(self._inside(point.high))) for point in line.series]
        lower = [(x(point.at), y(self._inside(point.low))) for point in line.series]
        if len(places) == 1:
            parts = [f'<path class="whisker" d="{polyline([*upper, *lower])}"/>']
        else:
            parts = [f'<path class="range" d="{band(upper, lower)}"/><path class="line" d="{polyline(places)}"/>']
        radius = 3 if self.title else 2.2
        if self.title and len(places) <= MARKED:
            parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius}"/>' for px, py in places[:-1]]
        px, py = places[-1]
        parts.append(f'<circle class="end" cx="{px:.1f}" cy="{py:.1f}" r="{radius + 1.5}"/>')
        return f'<g class="series c{line.colour}">{"".join(parts)}</g>'

    def _inside(self, value: float) -> float:
        return min(max(value, self.bounds[0]), self.bounds[1])


def percent(value: float) -> str:
    """A value that is in percent."""
    return f"{number(value, 3)}%"


def legend(lines: Sequence[Line]) -> str:
    """Which colour is whose; nothing where there is one line only."""
    if len(lines) < 2:
        return ""
    items = "".join(f'<li class="c{line.colour}">{escape(clipped(line.name, 40))}</li>' for line in lines)
    return f'<ul class="legend">{items}</ul>'
