"""The pages of `marl manyagent order` and `marl manyagent ising`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marl.page import document
from marl.page.figure import figure, section
from marl.page.header import header
from marl.page.plot import Sheet
from marl.page.scale import padded, plain
from marl.page.text import escape
from marl.page.words import reading_section
from marl.training.report.chart import COLOURS, Across, Chart, Line, legend
from marl.training.report.series import BINS, Point, Series
from marl.types import Floats
from marl.words import number
from marl_manyagent.seen.sweep import TRANSITION, Settled, onsager
from marl_manyagent.seen.track import Track

SHEET = Sheet(1040, 340, left=84, right=1020, top=16, bottom=288)
TICKS = Across("tick", counts=True)
RANGE = "The line is the mean over matches that go on, the band where the middle 80 % of them are."
ISING = (
    ("Temperature", "is in units of J / k_B: twice that of the Boltzmann policy, for an agent earns half its bonds."),
    ("Order", "is the mean spin without its sign, over the two chains that a torus falls apart into."),
    (
        "Infinite lattice",
        f"is what Onsager and Yang found, with the transition at {TRANSITION:.3f}. A torus of finite size has some "
        "order above it.",
    ),
)


def over_time(tracks: Sequence[Track], said: dict[str, str], env: str) -> str:
    """A picture for each info column. `said`: what the columns mean, by name."""
    parts = []
    for column, meaning in said.items():
        lines = [Line(track.name, series(track.columns[column]), index % COLOURS) for index, track in enumerate(tracks)]
        bounds = padded(*_ends(lines))
        chart = Chart(SHEET, lines, bounds, plain, column, interval=True, across=TICKS)
        drawing = legend(lines) + chart.drawing(f"{column} over ticks")
        parts.append(section(f"column-{column}", column, figure(drawing, chart.data()), escape(meaning)))
    matches = next(iter(tracks[0].columns.values())).shape[1]
    reading = reading_section((("Lines", RANGE), ("Matches", f"{matches} of each player, with itself on all sides.")))
    head = header("marl manyagent order", " and ".join(said), [env], "played", [], done=True)
    return document("Over time", "marl manyagent order", f"<main>{head}{''.join(parts)}{reading}</main>")


def against_temperature(exact: Sequence[Settled], runs: Sequence[Settled], size: int, ticks: int) -> str:
    """The order parameter, and a table with the energy."""
    ends = sorted(one.temperature for one in (*exact, *runs))
    grid = np.unique([*np.linspace(ends[0], ends[-1], 160), *np.linspace(2.2, TRANSITION, 40), TRANSITION])
    inside = [float(one) for one in grid if ends[0] <= one <= ends[-1]]
    lines = [
        Line("infinite lattice", tuple(Point(one, v := onsager(one), v, v) for one in inside), COLOURS),
        Line("heat bath (exact sampler)", tuple(_point(one) for one in exact), 0),
    ]
    lines += [Line(one.name, (_point(one),), 1 + index % (COLOURS - 1)) for index, one in enumerate(runs)]
    lines = [line for line in lines if line.series]
    across = Across("temperature, J / k_B")
    chart = Chart(SHEET, lines, (0.0, 1.05), plain, "order", interval=True, across=across)
    drawing = legend(lines) + chart.drawing("Order parameter against temperature")
    lead = f"A torus of {size} x {size} spins, from all up, for {ticks:,} ticks of which the last three quarters count."
    body = section("order", "Order against temperature", figure(drawing, chart.data()), lead)
    body += section("table", "By temperature", _table([*exact, *runs]))
    head = header("marl manyagent ising", "The Ising model", [f"{size} x {size}"], "played", [], done=True)
    return document("The Ising model", "marl manyagent ising", f"<main>{head}{body}{reading_section(ISING)}</main>")


def series(values: Floats) -> Series:
    """Mean and middle 80 % over matches of `float64[ticks, matches]`, for at most BINS ticks."""
    every = np.unique(np.linspace(0, len(values) - 1, BINS).round().astype(int))
    rows = [(int(tick), values[tick][np.isfinite(values[tick])]) for tick in every]
    return tuple(
        Point(float(tick + 1), float(row.mean()), *map(float, np.quantile(row, [0.1, 0.9])))
        for tick, row in rows
        if len(row)
    )


def _point(one: Settled) -> Point:
    return Point(one.temperature, one.order, one.order - 1.96 * one.error, one.order + 1.96 * one.error)


def _ends(lines: Sequence[Line]) -> tuple[float, float]:
    points = [point for line in lines for point in line.series]
    return min(point.low for point in points), max(point.high for point in points)


def _table(rows: Sequence[Settled]) -> str:
    body = ""
    for one in rows:
        cells = (f"{one.temperature:.3f}", f"{one.order:.3f} ± {one.error:.3f}", number(one.energy))
        body += f'<tr><td class="word">{escape(one.name)}</td>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    heads = "".join(f"<th>{one}</th>" for one in ("player", "T, J / k_B", "order", "energy"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
