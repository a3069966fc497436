"""The page of `marl rewards analyze`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from marl.page import document
from marl.page.figure import absent, figure, section
from marl.page.header import header, tile
from marl.page.plot import Sheet
from marl.page.scale import padded, plain
from marl.page.text import escape, exact
from marl.page.words import reading_section
from marl.training.report.chart import COLOURS, Chart, Line, legend, percent
from marl.training.report.series import Point, Series
from marl.types import Floats
from marl.words import clipped, compact, number
from marl_rewards.lab.alarm import Alarm, alarms
from marl_rewards.lab.analysis_table import sentence, signed, silence
from marl_rewards.lab.updates import Updates, correlation, mean

SHEET = Sheet(1040, 320, left=84, right=1020, top=16, bottom=268)
POINTS = 45  # of a line
NAMED = 8  # with more columns than these a table has numbers over them
PLACED = "padding:4px 8px;text-align:center"
READING = (
    ("Paid", "is what a term of the sum adds, its weight and all, on average over the rows of an update."),
    (
        "Share of the variance",
        "is <code>cov(term, sum) / var(sum)</code> within an update: whose ups and downs a learner feels. Shares add "
        "up to 100 %; one below 0 works against the sum. A term that never changes has none, however large it is.",
    ),
    (
        "Alarm",
        "A channel grows while the game's own score falls from its best, and stays low: it may be farmed at the game's "
        "cost. Lower its weight, make its returns diminish (<code>rewards/submodular</code>), or turn it into a "
        "potential.",
    ),
    (
        "Correlation",
        "over updates says what moves together, not what causes what: in a run that goes well, all channels may rise.",
    ),
)


def page(updates: Updates) -> str:
    """The whole page as HTML text."""
    found = alarms(updates)
    own = {"": updates.score}
    score = _curves("score", "The game's own score", own, updates, ("return", plain))
    first, *others = analysis(updates)
    largest = max(updates.weight, key=updates.weight.__getitem__)
    tiles = [
        tile("Alarms", str(len(found)), escape(", ".join(alarm.name for alarm in found)) or "none"),
        tile("Largest term", escape(clipped(largest, 20)), f"{updates.weight[largest]:.0%} of what is paid, late"),
        tile("Updates", f"{len(updates):,}", f"{compact(float(updates.steps[-1]))} env steps"),
    ]
    facts = [f"{len(updates.paid)} terms", *([f"job {updates.job[:12]}"] if updates.job else [])]
    state = "look at this" if found else "no alarm"
    head = header("marl rewards", updates.run, facts, state, tiles, done=not found)
    body = f"<main>{head}{first}{score}{''.join(others)}{reading_section(READING)}</main>"
    return document(updates.run, "marl rewards analyze", body)


def analysis(updates: Updates, of: str = "") -> list[str]:
    """The sections of what updates logged: alarms, what each term adds, variance, terms, correlations.

    `of` goes before their titles.
    """
    shares = {name: 100 * share for name, share in updates.share.items()}
    return [
        _alarm_section(alarms(updates), updates, of),
        _curves("rewards-paid", f"{of}What each term adds", updates.paid, updates, ("paid a row", plain)),
        _curves("rewards-variance", f"{of}Whose the variance is", shares, updates, ("share of the variance", percent)),
        section("rewards-table", f"{of}By term", _table(updates), "Means of the first and of the last third of the "
                "updates; the correlation with the game's own score is over updates."),
        section("rewards-together", f"{of}What moves together", _matrix(updates), "Correlations over the updates: blue "
                "together, orange against each other."),
    ]  # fmt: skip


def _alarm_section(found: list[Alarm], updates: Updates, of: str) -> str:
    said = [f"<p><b>{escape(sentence(alarm))}</b></p>" for alarm in found]
    return section("rewards-alarms", f"{of}Alarms", "".join(said) or absent(escape(silence(updates))))


def _curves(
    anchor: str,
    title: str,
    values: Mapping[str, Floats],
    updates: Updates,
    axis: tuple[str, Callable[[float], str]],
) -> str:
    """A line for each; where there are more than colours, for those that are the largest part of what is paid."""
    largest = sorted(values, key=lambda name: -updates.weight.get(name, 0.0))[:COLOURS]
    lines = [
        Line(name, series, colour)
        for colour, name in enumerate(name for name in values if name in largest)
        if (series := _smoothed(updates.steps, values[name]))
    ]
    if not lines:
        return section(anchor, title, absent("No update says so yet."))
    every = [point.value for line in lines for point in line.series]
    chart = Chart(SHEET, lines, padded(min(every), max(every)), axis[1], axis[0])
    lead = [f"The {COLOURS} largest of {len(values)} are drawn."] if len(values) > COLOURS else []
    if len(updates) > POINTS:
        lead += [f"Each point is the mean of about {len(updates) / POINTS:.0f} updates."]
    drawing = figure(legend(lines) + chart.drawing(f"{axis[0]} by env steps"), chart.data(), name=title)
    return section(anchor, title, drawing, " ".join(lead))


def _smoothed(steps: Floats, values: Floats) -> Series:
    """At most POINTS points, each the mean of neighbouring updates: several noisy lines are told apart no more."""
    points = []
    for at, column in zip(*(np.array_split(each, min(POINTS, len(each))) for each in (steps, values)), strict=True):
        if (known := np.isfinite(column)).any():
            value = float(column[known].mean())
            points.append(Point(float(at[known].mean()), value, value, value))
    return tuple(points)


def _table(updates: Updates) -> str:
    def late(name: str) -> float:
        return mean(updates.share[name][updates.recent])

    titles = ("early", "late", "of what is paid", "of the variance", "with the score")
    head = '<th style="text-align:left">term</th>' + "".join(f"<th>{name}</th>" for name in titles)
    rows = "".join(
        f'<tr><td class="name">{escape(name)}</td><td>{exact(mean(paid[updates.early]))}</td>'
        f"<td>{exact(mean(paid[updates.recent]))}</td><td>{updates.weight[name]:.1%}</td>"
        f"<td>{percent(100 * share) if np.isfinite(share := late(name)) else number(None)}</td>"
        f"<td>{signed(updates.with_score(name))}</td></tr>"
        for name, paid in updates.paid.items()
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _matrix(updates: Updates) -> str:
    columns = {**updates.paid, "score": updates.score}
    brief = len(columns) > NAMED
    numbers = {name: str(number_) for number_, name in enumerate(columns, 1)}
    titles = numbers if brief else {name: escape(clipped(name, 18)) for name in columns}
    said = {name: f"{numbers[name]}  " * brief + escape(clipped(name, 30)) for name in columns}
    head = "<th></th>" + "".join(f'<th style="text-align:center">{titles[name]}</th>' for name in columns)
    rows = "".join(
        f'<tr><td class="name" title="{escape(name)}">{said[name]}</td>'
        + "".join(_cell(correlation(one, other) if name != there else 1.0) for there, other in columns.items())
        + "</tr>"
        for name, one in columns.items()
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(value: float) -> str:
    """A correlation, the darker the stronger: blue for together, orange for against."""
    if not np.isfinite(value):
        return f'<td style="{PLACED}">{number(None)}</td>'
    colour = "31,111,178" if value > 0 else "200,87,28"
    return f'<td style="{PLACED};background:rgba({colour},{0.45 * abs(value):.2f})">{signed(value)}</td>'
