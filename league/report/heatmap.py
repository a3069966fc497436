"""The payoff heat map: who beats whom."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from league.payoffs import Payoffs
from league.report.raster import (
    Axis,
    Frame,
    binned,
    binned_names,
    column_axis,
    label_room,
    legend,
    packed,
    picture,
    read_out,
    row_axis,
)
from league.report.standing import final_weights
from league.view import LeagueView
from marl.page.colour import DIVERGING
from marl.page.figure import absent, figure, section, svg, switch
from marl.page.text import escape
from marl.types import Bools, Floats
from marl.words import clipped, number

SQUARE = 560.0  # the longer edge of a large picture, in pixels
CELL = 56.0  # the edge of a cell of a small one
MOST_TABLES = 12
STRIP = 34.0  # room for the bars of the final mixture


@dataclass(frozen=True)
class Table:
    """One picture: `of`'s mean return, with `rows` and `columns` the sides on the axes (None: no second side)."""

    title: str
    of: int
    rows: int
    columns: int | None
    means: Floats
    counts: Floats
    margins: Floats


def heatmap_section(view: LeagueView) -> str:
    """The section of the page."""
    if 0 in view.payoffs.sizes or not view.payoffs.sizes:
        return section("payoffs", "Payoffs", absent("No side can be paired yet: a population is still empty."))
    tables = choose_tables(view)
    choice = switch("payoffs", [table.title for table in tables], "whose return") if len(tables) > 1 else ""
    weights = final_weights(view)
    figures = "".join(draw(view, table, weights, hidden=index > 0) for index, table in enumerate(tables))
    return section("payoffs", "Payoffs", f'{choice}<div class="alternatives">{figures}</div>', lead(view, tables))


def lead(view: LeagueView, tables: list[Table]) -> str:
    """What the picture shows, as HTML."""
    once = counted_once(view.payoffs)
    played = int((np.isfinite(view.payoffs[0]) & once).sum())
    cells = f"{played:,} of {int(once.sum()):,} pairings known"
    if view.payoffs.count.ndim == 1:
        return f"The mean return of each player; {cells}."
    text = f"The mean return of the player on the row when it meets the player on the column; {cells}. "
    text += "Bars along the edges are the final mixture."
    if view.payoffs.sampled:
        text += sampling(view)
    if view.payoffs.count.ndim > 2:
        text += (
            " With more than two sides each picture is a slice: one pair of sides, averaged evenly over the known "
            "pairings of the others."
        )
    if len(tables) == MOST_TABLES:
        text += f" Only the first {MOST_TABLES} slices are shown."
    return text


def counted_once(payoffs: Payoffs) -> Bools:
    """The cells of which no other is an exchange of sides, `bool[n_0, n_1, ...]`: all, or those in order of birth."""
    index = np.indices(payoffs.count.shape)
    return np.asarray((index[:-1] <= index[1:]).all(axis=0) | (not payoffs.symmetric))


def sampling(view: LeagueView) -> str:
    """How sure means of matches are."""
    margins = view.payoffs.margin[np.isfinite(view.payoffs.mean)]
    known = margins[np.isfinite(margins)]
    widest = f", ± {number(float(known.max()), 2)} at the widest" if known.size else ""
    return f" Means of matches are shown with half their 95 % interval{widest}: what differs by less may be chance."


def choose_tables(view: LeagueView) -> list[Table]:
    """The slices worth a picture: one for a zero-sum pair, one per side where interests differ, one per pair beyond."""
    names, counts, margins = view.sides, view.payoffs.count, view.payoffs.margin
    if counts.ndim == 1:
        return [
            Table(f"{names[0]}'s return", 0, 0, None, view.payoffs[0][None, :], counts[None, :], margins[0][None, :])
        ]
    if counts.ndim == 2:
        row = Table(f"{names[0]}'s return", 0, 0, 1, view.payoffs[0], counts, margins[0])
        zero_sum = np.allclose(view.payoffs[0], -view.payoffs[1], atol=1e-9, equal_nan=True)
        if zero_sum or view.payoffs.symmetric:  # the other's would say the same
            return [row]
        return [row, Table(f"{names[1]}'s return", 1, 1, 0, view.payoffs[1].T, counts.T, margins[1].T)]
    pairs = [(0, 1)] if view.payoffs.symmetric else list(combinations(range(counts.ndim), 2))[:MOST_TABLES]
    return [slice_of(view, first, second) for first, second in pairs]


def slice_of(view: LeagueView, first: int, second: int) -> Table:
    """The return of side `first` against side `second`, averaged over the other sides' players."""
    others = tuple(axis for axis in range(view.payoffs.count.ndim) if axis not in (first, second))
    payoff = view.payoffs[first]
    known = np.isfinite(payoff)
    total, seen = np.where(known, payoff, 0.0).sum(axis=others), known.sum(axis=others)
    means = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    title = f"{view.sides[first]}'s return against {view.sides[second]}"
    squares = np.where(known, view.payoffs.margin[view.population(first)], 0.0) ** 2
    margins = np.sqrt(squares.sum(axis=others)) / np.maximum(seen, 1)
    return Table(title, first, first, second, means, view.payoffs.count.sum(axis=others), margins)


def draw(view: LeagueView, table: Table, weights: tuple[Floats, ...], *, hidden: bool) -> str:
    """One figure: picture, axes, the final mixture along the edges, legend."""
    rows, columns = axis_of(view, table.rows, weights), axis_of(view, table.columns, weights)
    across = rows if table.columns is None else columns
    down = Axis("", ("",)) if table.columns is None else rows
    frame = place(down, across)
    bound, cut = colour_bound(table.means)
    means = binned(table.means, lambda known: float(known.mean()))
    body = picture(means, (-bound, bound), DIVERGING, frame, smooth=max(means.shape) > 200)
    body += column_axis(across, frame) + (row_axis(down, frame) if table.columns is not None else "")
    body += edge_bars(down, across, frame) + cell_values(table, bound, frame) + '<g class="cursor"></g>'
    room = frame.top + frame.height + column_room(across, frame)
    bar = Frame(frame.left + 64, room, min(frame.width - 90, 260), 12)
    body += legend(DIVERGING, bar, [(0.0, number(-bound, 3)), (0.5, "0"), (1.0, number(bound, 3))], "return")
    gaps = " Hatched: not played." if np.isnan(table.means).any() else ""
    clip = f" Colours end at ±{number(bound, 3)}; a few cells lie beyond." if cut else ""
    data = read_out(
        "heatmap",
        means,
        binned_names(down.names),
        binned_names(across.names),
        frame,
        counts=packed_counts(table.counts),
        **packed_margins(table.margins),
    )
    label = f"Heat map of {table.title}: {table.means.shape[0]} by {table.means.shape[1]} players"
    drawing = svg(body, max(frame.left + frame.width + STRIP + 8, 420), room + 34, label)
    winner = "the player on the row" if view.payoffs.symmetric else escape(view.sides[table.of])
    caption = f"Blue: {winner} gains. Orange: it loses.{gaps}{clip}"
    return figure(drawing, data, caption, hidden=hidden, name=table.title)


def axis_of(view: LeagueView, side: int | None, weights: tuple[Floats, ...]) -> Axis:
    """The axis of one side's players, in order of birth."""
    if side is None:
        return Axis("", ("",))
    number = view.population(side)
    names = tuple(player.name for player in view.populations[number])
    whose = "" if view.payoffs.symmetric else f"{clipped(view.sides[side], 24)}, "
    return Axis(f"{whose}players in order of birth", names, weights=weights[number])


def place(down: Axis, across: Axis) -> Frame:
    """A frame with square cells, between comfortable sizes."""
    rows, columns = len(down.names), len(across.names)
    cell = min(CELL, SQUARE / max(rows, columns))
    width, height = max(columns * cell, 120.0), max(rows * cell, 60.0)
    return Frame(label_room(down), STRIP + 6, width, height)


def column_room(across: Axis, frame: Frame) -> float:
    """Pixels between the picture and the legend: the labels, leaning or not, and the title."""
    longest = max(len(label) for _, label in across.ticks)
    return 66 + (0.6 * 7 * longest if longest * 7 > frame.width / len(across.names) else 0)


def colour_bound(means: Floats) -> tuple[float, bool]:
    """Where the colours end, evenly around 0, and whether that cuts a few outliers off."""
    known = np.abs(means[np.isfinite(means)])
    if not known.size or known.max() == 0:
        return 1.0, False
    usual, most = float(np.quantile(known, 0.995)), float(known.max())
    return (usual, True) if 0 < usual < 0.7 * most else (most, False)


def edge_bars(down: Axis, across: Axis, frame: Frame) -> str:
    """The final mixtures as bars: columns above the picture, rows right of it."""
    parts = []
    if across.weights is not None and across.weights.any():
        step, most = frame.width / len(across.names), across.weights.max()
        for index in np.flatnonzero(across.weights > 1e-6):
            tall = STRIP * across.weights[index] / most
            x = frame.left + index * step
            parts.append(f"M{x:.1f} {frame.top - 3:.1f}v{-tall:.1f}h{max(step * 0.9, 1):.1f}v{tall:.1f}z")
    if down.weights is not None and down.weights.any():
        step, most = frame.height / len(down.names), down.weights.max()
        for index in np.flatnonzero(down.weights > 1e-6):
            long = STRIP * down.weights[index] / most
            y = frame.top + index * step
            parts.append(
                f"M{frame.left + frame.width + 3:.1f} {y:.1f}h{long:.1f}v{max(step * 0.9, 1):.1f}h{-long:.1f}z"
            )
    return f'<path class="bars" d="{"".join(parts)}"/>' if parts else ""


def cell_values(table: Table, bound: float, frame: Frame) -> str:
    """The numbers themselves, and how sure they are, where the cells have room for them."""
    means = table.means
    step_x, step_y = frame.width / means.shape[1], frame.height / means.shape[0]
    if step_x < 44:
        return ""
    parts = []
    for i, j in np.argwhere(np.isfinite(means)):
        x, y = frame.left + (j + 0.5) * step_x, frame.top + (i + 0.5) * step_y + 4
        margin = float(table.margins[i, j])
        look = "value strong" if abs(means[i, j]) > 0.5 * bound else "value"
        lines = [(y, number(float(means[i, j]), 2))]
        if margin > 0:
            lines = [(y - 6, lines[0][1]), (y + 8, f"± {number(margin, 2) if np.isfinite(margin) else '?'}")]
        parts += [
            f'<text class="{look}" text-anchor="middle" x="{x:.1f}" y="{at:.1f}">{said}</text>' for at, said in lines
        ]
    return "".join(parts)


def packed_margins(margins: Floats) -> dict[str, Any]:
    """Half the 95 % intervals of the cells, where any is not 0; NaN where it is not known."""
    if not (margins > 0).any():
        return {}
    return {
        "margins": packed(binned(np.where(np.isfinite(margins), margins, np.nan), lambda known: float(known.max())))
    }


def packed_counts(counts: Floats) -> dict[str, Any]:
    """The matches behind each cell as indices into the few different counts that occur; null stands for exact."""
    table = binned(counts, lambda known: float(known.sum()))
    distinct, index = np.unique(table, return_inverse=True)
    if len(distinct) > 4096:  # three digits are enough to judge a mean by
        scale = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(table, 1))) - 2, 0)
        distinct, index = np.unique(np.rint(table / scale) * scale, return_inverse=True)
    known = [None if not np.isfinite(count) else float(count) for count in distinct]
    return {"known": known, "index": packed(index.reshape(table.shape).astype(np.float64), max(len(distinct) - 1, 1))}
