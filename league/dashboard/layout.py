"""How the live dashboard looks."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import ConsoleDimensions, Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from league.dashboard.estimate import Estimate
from league.dashboard.progress import Headline, JobProgress, Point, Progress, RunInfo
from marl.terminal.chart import braille, log_bounds
from marl.terminal.display import State
from marl.terminal.picture import (
    CURVE,
    DIM,
    GOOD,
    LABEL,
    SOFT,
    STRONG,
    TARGET,
    apart,
    bar,
    beside,
    figures,
    frame,
    no_curve,
)
from marl.terminal.picture import curve as labelled
from marl.words import duration, number, uncertain

WIDEST = 120
SPINNER = Spinner("dots")


@dataclass(frozen=True)
class Shown:
    """All that one picture shows."""

    info: RunInfo
    progress: Progress | None
    points: list[Point]
    best: Point | None
    rate: float | None
    seconds: float
    left: Estimate | None
    state: State


def layout(shown: Shown, size: ConsoleDimensions) -> RenderableType:
    """The whole picture, fitted to a terminal."""
    width = min(size.width, WIDEST)
    sides = len(shown.info.sides)
    room = size.height - 13 - sides
    parts: list[RenderableType] = [headline(shown, width - 6)]
    first = shown.info.headline
    if first is not None and (first.target is not None or known(shown)):
        parts += [Text(), measure_line(shown, first)]
        if room >= 3:
            parts.append(curve(shown, first, width - 6, min(room, 10)))
    learning = shown.progress.learning if shown.progress is not None and shown.state == "running" else ()
    if len(learning) > 1 and room - (10 if len(parts) > 1 else 0) >= 6:
        parts += [Text(), *learning_curve(learning, shown.progress.paid if shown.progress else (), width - 6, 4)]
    parts += [Text(), tables(shown, wide=width >= 90)]
    if shown.progress is not None:
        parts += [Text(), foot(shown.progress, shown.state == "running")]
    title = Text.assemble((" marl league ", SOFT), (shown.info.name, STRONG), (f"  {shown.info.env} ", SOFT))
    return frame(title, shown.state, parts, width)


def headline(shown: Shown, width: int) -> RenderableType:
    """Iteration, speed and clock, over a bar toward the end that can be foreseen."""
    iteration = shown.progress.iteration if shown.progress is not None else 0
    parts: list[tuple[str, str] | str] = [("iteration ", SOFT), (f"{iteration:,}", STRONG)]
    if shown.info.iterations is not None:
        parts.append((f" of {shown.info.iterations:,}", SOFT))
    if shown.rate is not None and shown.state == "running":
        parts += ["    ", (speed(shown.rate), STRONG)]
    parts += ["    ", ("time ", SOFT), (duration(shown.seconds), STRONG)]
    line = Text.assemble(*parts)
    if shown.state != "running":
        return line
    if shown.left is None:
        end = Text("time left not foreseeable yet", style=SOFT)
    else:
        about = f"~{duration(shown.left.seconds)}" if shown.left.seconds >= 0.5 else "moments"
        end = Text.assemble(("left ", SOFT), (about, STRONG), (f" to {shown.left.toward}", SOFT))
    return Group(apart(line, end, width) or Group(line, end), bar(done(shown, iteration), width))


def done(shown: Shown, iteration: int) -> float:
    """The share of the run that is over: of its time where the end can be foreseen, else of its iterations."""
    if shown.left is not None:
        total = shown.seconds + shown.left.seconds
        return min(shown.seconds / total, 1.0) if total > 0 else 0.0
    return min(iteration / shown.info.iterations, 1.0) if shown.info.iterations else 0.0


def speed(rate: float) -> str:
    """Iterations a second, or the time of one where it is long."""
    return f"{rate:.1f}/s" if rate >= 1 else f"{duration(1 / rate)} each"


def known(shown: Shown) -> list[float]:
    """The newest values of the first measure."""
    return [point.value for point in shown.points[-64:] if point.value is not None]


def measure_line(shown: Shown, headline: Headline) -> Text:
    """The first measure now, best and wanted."""
    values, newest = known(shown), shown.progress.measure if shown.progress is not None else None
    text = uncertain(newest.value, newest.margin) if newest else number(values[-1] if values else None)
    parts: list[tuple[str, str] | str] = [(f"{headline.about.title} ", SOFT), (text, f"bold {CURVE}")]
    if shown.best is not None:
        parts += [
            "    ",
            ("best ", SOFT),
            (number(shown.best.value), STRONG),
            (f" at {shown.best.iteration:,}", SOFT),
        ]
    if headline.target is not None:
        met = headline.bound.met(newest)  # as the league decides whether it ends: by the newest, with its interval
        parts += ["    ", ("target ", SOFT), (f"{headline.target:g}", TARGET), (" ✓" if met else "", GOOD)]
    return Text.assemble(*parts)


def curve(shown: Shown, headline: Headline, width: int, height: int) -> RenderableType:
    """The first measure over iterations, on its scale, with the target as a dotted line."""
    log, target = headline.about.log, headline.target
    values = [p.value for p in shown.points if p.value is not None and (p.value > 0 or not log)]
    if len(values) < 2:
        return no_curve("the curve starts with the second iteration", width, height)
    target = None if target is not None and log and target <= 0 else target
    low, high = log_bounds(values, target) if log else bounds(values, target)
    dots = braille([math.log10(value) if log else value for value in values], width - LABEL, height, low, high)
    goal = None
    if target is not None:
        height_of = math.log10(target) if log else target
        goal = round((1 - (height_of - low) / (high - low)) * (height - 1)), f"{target:g}"

    def label(row: int) -> str:
        level = high - (high - low) * row / (height - 1)
        return number(10**level if log else level, 2)

    return Group(*labelled(dots, label, goal))


def bounds(values: Sequence[float], target: float | None) -> tuple[float, float]:
    """A range that holds all values and the target, never empty."""
    every = [*values, *([target] if target is not None else [])]
    low, high = min(every), max(every)
    return (low, high) if high - low > 1e-9 * max(abs(low), abs(high)) else (low - 0.5, high + 0.5)


def learning_curve(
    returns: Sequence[float], paid: Sequence[tuple[str, float]], width: int, height: int
) -> list[RenderableType]:
    """The returns of the present job's updates, the newest on the right, and what its last rows were paid."""
    low, high = min(returns), max(returns)
    ends = {0: number(high, 3), height - 1: number(low, 3)}
    head = Text.assemble(("return in training ", SOFT), (number(returns[-1]), f"bold {CURVE}"))
    if paid:
        head.append_text(Text.assemble(("    paid per row", SOFT), *(f"  {name} {number(v, 3)}" for name, v in paid)))
        head.no_wrap, head.overflow = True, "ellipsis"
    lines = [
        Text.assemble((f"{ends.get(row, ''):>7} ", SOFT), ("┤" if row in ends else "│", DIM), (dots, CURVE))
        for row, dots in enumerate(braille(returns, width - LABEL, height, low, high))
    ]
    return [head, *lines]


def tables(shown: Shown, *, wide: bool) -> RenderableType:
    """Populations and jobs, side by side where there is room."""
    if shown.state != "running":
        return population_table(shown)
    left, right = population_table(shown), job_table(shown)
    return beside(left, right) if wide else Group(left, Text(), right)


def population_table(shown: Shown) -> Table:
    """A line per population: players, those in use, value."""
    table, progress = figures("side", "players", "in use", "value"), shown.progress
    for index, side in enumerate(shown.info.sides):
        size = f"{progress.populations[index]:,}" if progress is not None and index < len(progress.populations) else "–"
        used = f"{progress.supports[index]:,}" if progress is not None and index < len(progress.supports) else "–"
        value = uncertain(*progress.values[index]) if progress is not None and index < len(progress.values) else "–"
        table.add_row(Text(side), Text(size, STRONG), used, value)
    return table


def job_table(shown: Shown) -> Table:
    """A line per job that is open or was done lately; as many as there are sides at least, to keep the height."""
    table = figures("job: learns", "against", "time", "")
    jobs = shown.progress.jobs if shown.progress is not None else ()
    most = max(len(shown.info.sides), 6)
    for job in jobs[-most:]:
        table.add_row(*job_row(job))
    for _ in range(len(shown.info.sides) - len(jobs)):
        table.add_row("", "", "", "")
    return table


def job_row(job: JobProgress) -> tuple[RenderableType, ...]:
    """One job."""
    against = f"{job.opponents:,} player{'s' if job.opponents != 1 else ''}"
    seconds = job.spent(time.monotonic())
    if seconds is None:
        return (Text(job.side), against, Text("waits", SOFT), "")
    mark: RenderableType = Text("✓", GOOD) if job.finished else SPINNER
    return (Text(job.side), against, duration(seconds), mark)


def foot(progress: Progress, running: bool) -> Text:
    """Payoffs, steps, and what goes on."""
    parts: list[tuple[str, str] | str] = [("payoffs ", SOFT), (f"{progress.pairings:,}", STRONG)]
    if progress.pairings_total > progress.pairings:
        parts.append((f" of {progress.pairings_total:,}", SOFT))
    parts.append((" pairings", SOFT))
    if progress.steps:
        parts += ["    ", ("steps ", SOFT), (f"{progress.steps:,}", STRONG)]
    if progress.doing and running:
        parts += ["    ", ("now ", SOFT), progress.doing]
    return Text.assemble(*parts)
