"""The page of `marl compare`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

from marl.page import document
from marl.page.figure import figure, section
from marl.page.header import header, tile
from marl.page.plot import Sheet
from marl.page.rows import Row, rows
from marl.page.scale import padded, plain
from marl.page.text import escape, exact
from marl.page.words import reading_section
from marl.training.compare.statistics import Comparison, Curve, Estimate
from marl.training.compare.table import said
from marl.training.report.chart import ENV_STEPS, Across, Chart, Line, legend, percent
from marl.training.report.series import Point
from marl.words import clipped, number

READING = (
    ("Interquartile mean", "the mean of the middle half of all runs on all tasks: less moved by one lucky or failed "
     "run than the mean, and less wasteful than the median."),
    ("Intervals", "hold the true figure in 95 of 100 such experiments; they come from a bootstrap over seeds, within "
     "each task. With three seeds they are wide, and too narrow rather than too wide: take five or more."),
    ("Probability of improvement", "how often a run of one method scores above a run of the other, over tasks. An "
     "interval that holds 50 % is no evidence for either."),
    ("Performance profile", "the share of runs that score above a level. A curve that is above another everywhere is "
     "better in every respect."),
    ("Source", "Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice (NeurIPS 2021), "
     "computed by its library, rliable."),
)  # fmt: skip


def page(found: Comparison, score: str, command: Sequence[str]) -> str:
    """The whole page as HTML text. `score`: what a score is. `command`: what made the page."""
    table, best = found.table, max(found.aggregates["interquartile mean"].items(), key=lambda item: item[1].value)
    seeds = sorted({len(runs[0]) for runs in table.runs.values()})
    tiles = [
        tile("Methods", str(len(table.runs))),
        tile("Tasks", str(len(table.tasks))),
        tile("Seeds", "–".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))), "of each method on each task"),
        tile("Best interquartile mean", exact(best[1].value), escape(clipped(best[0], 40))),
    ]
    head = header(
        "marl compare",
        f"Comparison by {score}",
        [f"{table.env_steps:,} env steps", *table.tasks],
        "done",
        tiles,
        done=True,
    )
    parts = [_aggregates(found, score)]
    if len(table.runs) > 1:
        parts.append(_better(found))
    parts += [_curves(found, score), _profiles(found, score), _runs(found), reading_section(READING), _again(command)]
    return document("Comparison", "marl compare", f"<main>{head}{''.join(parts)}</main>")


def _aggregates(found: Comparison, score: str) -> str:
    body = ""
    for kind, by_method in found.aggregates.items():
        bars = [
            Row(name, one.value, (one.low, one.high), colour=index % 8, says=said(one))
            for index, (name, one) in enumerate(by_method.items())
        ]
        body += rows(kind, bars, f"{kind} of {score}")
    notes = "".join(f"<p>{escape(note)}</p>" for note in found.table.notes)
    lead = "Over all runs and tasks, with 95 % intervals."
    if found.table.ranges is not None:
        lead += " Scores are shares of the range that was seen on each task: 0 is the least, 1 the most."
    return section("aggregates", "Aggregates", body + notes, lead)


def _better(found: Comparison) -> str:
    names = list(found.table.runs)
    bars = [
        Row(
            f"{clipped(one, 15)} > {clipped(other, 15)}",
            p.value,
            (p.low, p.high),
            says=f"{one} above {other}: {said(p)}",
        )
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        for p in [found.better[one, other]]
    ]
    body = rows(
        "improvement", bars, "probability that a run of the first scores above one of the second", 0.5, (0.0, 1.0)
    )
    return section("better", "Probability of improvement", body, "The dashed line is chance.")


def _curves(found: Comparison, score: str) -> str:
    lead = f"The interquartile mean of {escape(score)} over env steps, with 95 % intervals."
    return section("curves", "Learning curves", _chart(found.curves, score, plain, ENV_STEPS), lead)


def _profiles(found: Comparison, score: str) -> str:
    percents = {
        name: tuple((at, Estimate(*(100 * value for value in (one.value, one.low, one.high)))) for at, one in curve)
        for name, curve in found.profiles.items()
    }
    body = _chart(percents, "runs above it", percent, Across(score), (0.0, 100.0))
    return section("profiles", "Performance profiles", body, "The share of runs that score above a level.")


def _chart(
    curves: Mapping[str, Curve], title: str, label: Callable[[float], str], across: Across,
    bounds: tuple[float, float] | None = None,
) -> str:  # fmt: skip
    lines = [
        Line(name, tuple(Point(at, one.value, one.low, one.high) for at, one in curve), index % 8, curve[-1][1].value)
        for index, (name, curve) in enumerate(curves.items())
    ]
    ends = [end for line in lines for point in line.series for end in (point.low, point.high)]
    sheet = Sheet(1040, 340, left=80, right=1010, top=12, bottom=280)
    chart = Chart(sheet, lines, bounds or padded(min(ends), max(ends)), label, title, True, across=across)
    return legend(lines) + figure(chart.drawing(f"{title} over {across.name}"), chart.data(), name=title)


def _runs(found: Comparison) -> str:
    table, lines = found.table, ""
    for method, by_task in table.runs.items():
        for task, runs in zip(table.tasks, by_task, strict=True):
            each = ", ".join(number(run.at(table.env_steps)) for run in runs)
            seeds = ", ".join(str(run.seed) for run in runs)
            lines += (
                f'<tr><td class="name">{escape(method)}</td><td class="word">{escape(task)}</td><td>{seeds}</td>'
                f"<td>{each}</td></tr>"
            )
    head = "".join(f"<th>{name}</th>" for name in ("method", "task", "seeds", "scores"))
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    return section("runs", "Every run", body, f"As measured last up to {table.env_steps:,} env steps.")


def _again(command: Sequence[str]) -> str:
    text = escape(shlex.join(command))
    return section("again", "Run it again", f'<div class="commands"><div><code>{text}</code><span></span></div></div>')
