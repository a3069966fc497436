"""Named rows over one axis, each with its interval: what is compared, one below the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marl.page.figure import figure, svg
from marl.page.plot import Sheet, axes
from marl.page.scale import Linear, Tick, padded
from marl.page.text import escape
from marl.words import clipped

HEIGHT = 30  # of a row


@dataclass(frozen=True)
class Row:
    """A name, a value and its interval (None: there is none), single values, a colour (0 to 8), and what it says."""

    name: str
    value: float
    interval: tuple[float, float] | None
    dots: Sequence[float] = ()
    colour: int = 0
    says: str = ""


def rows(
    name: str, found: Sequence[Row], title: str, mark: float | None = None, bounds: tuple[float, float] | None = None
) -> str:
    """A figure. `title`: of the axis. `mark`: where a dashed line stands. `bounds`: of the axis, else as needed."""
    sheet = Sheet(1040, len(found) * HEIGHT + 74, left=250, right=1010, top=8, bottom=len(found) * HEIGHT + 20)
    x: Linear = sheet.across(*(bounds or padded(*_ends(found))))
    body = axes(sheet, x, _Names([row.name for row in found], sheet.top), (title, ""))
    if mark is not None:
        body += f'<path class="grid" stroke-dasharray="4 3" d="M{x(mark):.1f} {sheet.top:g}V{sheet.bottom:g}"/>'
    body += "".join(_drawn(row, x, sheet.top + (number + 0.5) * HEIGHT) for number, row in enumerate(found))
    return figure(svg(body, sheet.width, sheet.height, title), "", name=name)


class _Names:
    """A vertical scale of names, one a row."""

    def __init__(self, names: list[str], top: float) -> None:
        self.names, self.top = names, top

    def __call__(self, value: float) -> float:
        return self.top + (value + 0.5) * HEIGHT

    def ticks(self, wanted: int = 6) -> list[Tick]:
        """Every name."""
        return [(float(index), escape(clipped(name, 34))) for index, name in enumerate(self.names)]


def _ends(found: Iterable[Row]) -> tuple[float, float]:
    every = [value for row in found for value in (row.value, *row.dots, *(row.interval or ()))]
    return min(every), max(every)


def _drawn(row: Row, x: Linear, at: float) -> str:
    marks = "".join(f'<circle cx="{x(dot):.1f}" cy="{at:.1f}" r="3" opacity=".45"/>' for dot in row.dots)
    if row.interval is not None:
        low, high = map(x, row.interval)
        marks += f'<path class="whisker" d="M{low:.1f} {at:.1f}H{high:.1f}"/>'
    marks += f'<circle class="end" cx="{x(row.value):.1f}" cy="{at:.1f}" r="5.5"/>'
    told = f"<title>{escape(row.name)} {escape(row.says)}</title>"
    return f'<g class="series c{row.colour}">{told}{marks}</g>'
