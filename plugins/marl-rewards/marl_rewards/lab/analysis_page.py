"""The page of `marl rewards analyze`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.page import document
from marl.page.figure import absent, figure, section
from marl.page.header import header, tile
from marl.page.plot import Sheet
from marl.page.scale import padded, plain
from marl.page.text import escape, exact
from marl.page.words import reading_section
from marl.training.report.chart import COLOURS, Chart, Line, legend, percent
from marl.training.report.series import binned
from marl.types import Floats
from marl.words import clipped, compact, number
from marl_rewards.lab.alarm import Alarm, alarms
from marl_rewards.lab.analysis_table import sentence, signed, silence
from marl_rewards.lab.updates import Updates, correlation, mean

SHEET = Sheet(1040, 320, left=84, right=1020, top=16, bottom=268)
READING = (
    ("Paid", "is what a term of the sum adds, its weight and all, on average over the rows of an update."),
    (
        "Share of the variance",
        "is <code>cov(term, sum) / var(sum)</code> within an update: whose ups and downs a learner feels. Shares add "
        "up to 100 %; one below 0 works against the sum. A term that never changes has none, however large it is.",
    ),
    (
        "Alarm",
        "A channel grows steadily while the game's own score falls from its best: it may be farmed at the game's cost. "
        "Lower its weight, make its returns diminish (<code>rewards/submodular</code>), or turn it into a potential.",
    ),
    (
        "Correlation",
        "over updates says what moves together, not what causes what: in a run that goes well, all channels may rise.",
    ),
)


def page(updates: Updates) -> str:
    """The whole page as HTML text."""
    found = alarms(updates)
    sections = [
        _alarm_section(found, updates),
        _curves("score", "The game's own score", {"score": updates.score}, updates, "return", plain, legend_too=False),
        _curves("paid", "What each term adds", updates.paid, updates, "paid a row", plain),
        _curves(
            "variance",
            "Whose the variance is",
            {name: 100 * share for name, share in updates.share.items()},
            updates,
            "share of the variance",
            percent,
        ),
        section("table", "By term", _table(updates), "Means of the first and of the last third of the updates."),
        section("together", "What moves together", _matrix(updates), "Correlations over the updates."),
        reading_section(READING),
    ]
    largest = max(updates.weight, key=updates.weight.__getitem__)
    tiles = [
        tile("Alarms", str(len(found)), escape(", ".join(alarm.name for alarm in found)) or "none"),
        tile("Largest term", escape(clipped(largest, 20)), f"{updates.weight[largest]:.0%} of what is paid, late"),
        tile("Updates", f"{len(updates):,}", f"{compact(float(updates.steps[-1]))} env steps"),
    ]
    facts = [f"{len(updates.paid)} terms", *([f"job {updates.job[:12]}"] if updates.job else [])]
    state = "look at this" if found else "no alarm"
    head = header("marl rewards", updates.run, facts, state, tiles, done=not found)
    return document(updates.run, "marl rewards analyze", f"<main>{head}{''.join(sections)}</main>")


def _alarm_section(found: list[Alarm], updates: Updates) -> str:
    said = [f"<p><b>{escape(sentence(alarm))}</b></p>" for alarm in found]
    return section("alarms", "Alarms", "".join(said) or absent(escape(silence(updates))))


def _curves(
    anchor: str,
    title: str,
    values: Mapping[str, Floats],
    updates: Updates,
    axis: str,
    label: object,
    legend_too: bool = True,
) -> str:
    lines = []
    for colour, (name, column) in enumerate(list(values.items())[:COLOURS]):
        known = np.isfinite(column)
        if known.any():
            series = binned(updates.steps[known], column[known], np.unique(updates.steps))
            lines.append(Line(name if legend_too else "", series, colour))
    if not lines:
        return section(anchor, title, absent("No update says so yet."))
    every = [edge for line in lines for point in line.series for edge in (point.low, point.high)]
    chart = Chart(SHEET, lines, padded(min(every), max(every)), label, axis)  # type: ignore[arg-type]
    left = f"The first {COLOURS} of {len(values)} are drawn. " if len(values) > COLOURS else ""
    drawing = figure(legend(lines) + chart.drawing(f"{axis} by env steps"), chart.data(), name=title)
    return section(anchor, title, drawing, left)


def _table(updates: Updates) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("term", "early", "late", "of what is paid", "of the variance", "with the score")
    )
    rows = "".join(
        f'<tr><td class="name">{escape(name)}</td><td>{exact(mean(paid[updates.early]))}</td>'
        f"<td>{exact(mean(paid[updates.recent]))}</td><td>{updates.weight[name]:.1%}</td>"
        f"<td>{number(100 * mean(updates.share[name][updates.recent]), 3)}%</td>"
        f"<td>{signed(updates.with_score(name))}</td></tr>"
        for name, paid in updates.paid.items()
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _matrix(updates: Updates) -> str:
    columns = {**updates.paid, "score": updates.score}
    head = "<th></th>" + "".join(f"<th>{escape(clipped(name, 18))}</th>" for name in columns)
    rows = "".join(
        f'<tr><td class="name">{escape(name)}</td>'
        + "".join(_cell(correlation(one, other) if name != there else 1.0) for there, other in columns.items())
        + "</tr>"
        for name, one in columns.items()
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(value: float) -> str:
    """A correlation, the darker the stronger: blue for together, orange for against."""
    if not np.isfinite(value):
        return f"<td>{number(None)}</td>"
    colour = "31,111,178" if value > 0 else "200,87,28"
    return f'<td style="background:rgba({colour},{0.45 * abs(value):.2f})">{signed(value)}</td>'
