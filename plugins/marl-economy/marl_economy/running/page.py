"""The page of a run: welfare, the rates and incomes over the years, and the last schedule."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from marl.blobs import write_atomically
from marl.errors import UserError
from marl.metrics import read
from marl.page import document
from marl.page.figure import absent, figure, section, svg
from marl.page.header import header, tile
from marl.page.plot import CURSOR, Sheet, axes, polyline, read_out, stairs
from marl.page.text import escape, exact
from marl.page.words import again_section, reading_section
from marl.registry import load_registry
from marl.scenario import Scenario, load_run
from marl.words import MISSING, duration
from marl_economy.running import progress
from marl_economy.running.config import EconomyConfig
from marl_economy.running.progress import Progress

SHEET = Sheet(1040, 320, left=84, right=880, top=16, bottom=268)
READING = (
    ("Welfare", "is what the planner is there for: what the year added to it, as the economy measures it."),
    ("Rates", "are marginal: each is for what is earned within its bracket. All taxes are shared out evenly."),
    ("Equality", "is 1 less the Gini index, from 0 (one has everything) to 1 (all have the same)."),
)


def rewrite(run: Path, out: Path | None = None) -> Path:
    """Write report.html anew from the run's files, there or to `out`; its path."""
    if not (run / progress.FILE).is_file():
        raise UserError(f"{run} holds no economy run: there is no {progress.FILE} in it")
    scenario = load_run(run, load_registry(), absent=True)
    for sentence in scenario.absent:
        print(f"note: {sentence}", file=sys.stderr)
    page = out or run / "report.html"
    events = [event for event in read(run / "metrics.jsonl") if event["event"] == "year"]
    write_atomically(page, render(run.resolve().name, scenario, Progress.read(run), events).encode())
    return page


def render(run: str, scenario: Scenario, done: Progress, events: list[dict[str, Any]]) -> str:
    """The whole page as HTML text."""
    config: EconomyConfig = scenario.config
    sections = [curve(events, "welfare", "Welfare", "What each year added to social welfare.")]
    if events:
        cutoffs = config.env.params.get("cutoffs") or [0.0] * len(events[-1]["rates"])
        brackets = [_bracket(cutoffs, index) for index in range(len(events[-1]["rates"]))]
        rates = [[100 * rate for rate in event["rates"]] for event in events]
        incomes = [event["incomes"] for event in events]
        numbers = [f"worker {index}" for index in range(len(incomes[-1]))]
        labels = numbers if len(numbers) <= 10 else [name if index in (0, len(numbers) // 2, len(numbers) - 1) else ""
                                                     for index, name in enumerate(numbers)]  # fmt: skip
        sections.append(
            many(events, rates, brackets, "rates", "Tax rates", "marginal rate, %", "By bracket of income.")
        )
        lead = "Before taxes; worker 0 is the one that earned least in the year."
        sections.append(many(events, incomes, labels, "incomes", "Incomes", "coins a year", lead))
        sections.append(curve(events, "equality", "Equality", "Of what workers have after taxes."))
    command = [(f"marl run {shlex.quote(f'runs/{run}/scenario.yaml')} --out runs/{run}-again", "does the same again")]
    body = f"<main>{heading(config, done, events)}{''.join(sections)}{reading_section(READING)}"
    body += f"{again_section(command, scenario.text)}</main>"
    return document(config.name, "marl economy", body, own=Path(__file__).parent)


def heading(config: EconomyConfig, done: Progress, events: list[dict[str, Any]]) -> str:
    """Who planned for whom, and the numbers that matter."""
    last = events[-1] if events else None
    asked = f"{last['tokens']:,} tokens, {last['unclear']} not clear" if last else ""
    tiles = [
        tile("Welfare", exact(last["welfare"]) if last else MISSING, "of the last year", "welfare"),
        tile("Mean income", exact(last["output"]) if last else MISSING, "of the last year", "output"),
        tile("Equality", exact(last["equality"]) if last else MISSING, "after taxes", "equality"),
        tile("Years", f"{done.years:,}", f"of {done.of:,}", "years"),
        tile("Requests", f"{last['requests']:,}" if last else MISSING, asked, "requests"),
        tile("Run time", duration(done.seconds), "over all resumes", "run-time"),
    ]
    over = done.years == done.of
    facts = [str(config.env.name), f"planner {config.planner.name}", f"workers {config.workers.name}"]
    return header("marl economy", config.name, facts, "finished" if over else "unfinished", tiles, done=over)


def curve(events: list[dict[str, Any]], key: str, title: str, lead: str) -> str:
    """One number over the years."""
    return many(events, [[event[key]] for event in events], [""], key, title, title.lower(), lead)


def many(
    events: list[dict[str, Any]], values: Sequence[Sequence[float]], labels: Sequence[str], id: str, title: str,
    unit: str, lead: str,
) -> str:  # fmt: skip
    """Several numbers over the years, `values` by year; names stand at the ends of the lines."""
    if not events:
        return section(id, title, absent("No year is over yet."))
    low, high = min(map(min, values)), max(map(max, values))
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    x = SHEET.across(1.0, max(float(events[-1]["step"]), 2.0), lambda value: f"{value:g}")
    y = SHEET.up(0.0 if low >= 0 and id in ("rates", "incomes") else low - room, high + room)
    years = [x(float(event["step"])) for event in events]
    lines = [[(at, y(row[index])) for at, row in zip(years, values, strict=True)] for index in range(len(labels))]
    body = axes(SHEET, x, y, ("year", unit))
    names = _spread([line[-1][1] for line in lines])
    for index, line in enumerate(lines):
        path = stairs(_around(line)) if id == "rates" else polyline(line)
        body += f'<path class="curve line{index % 8}" d="{path}"/>'
        body += f'<circle class="dot{index % 8}" cx="{line[-1][0]:.1f}" cy="{line[-1][1]:.1f}" r="4"/>'
        body += f'<text x="{SHEET.right + 10:g}" y="{names[index] + 4:.1f}">{escape(labels[index])}</text>'
    says = [
        f"year {event['step']}\n"
        + "\n".join(f"{label or title} {value:.4g}" for label, value in zip(labels, row, strict=True))
        for event, row in zip(events, values, strict=True)
    ]
    at = [[place, *(line[index][1] for line in lines)] for index, place in enumerate(years)]
    drawing = svg(body + CURSOR, SHEET.width, SHEET.height, f"{title} over years")
    return section(id, title, figure(drawing, read_out(SHEET, at, says)), lead)


def _around(line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line whose stairs hold each height on both sides of its place, so that the last one has a width, too."""
    corners = [((before + after) / 2, height) for (before, _), (after, height) in pairwise(line)]
    return [line[0], *corners, line[-1]]


def _bracket(cutoffs: Sequence[float], index: int) -> str:
    return f"{cutoffs[index]:g} to {cutoffs[index + 1]:g}" if index + 1 < len(cutoffs) else f"from {cutoffs[index]:g}"


def _spread(heights: list[float], apart: float = 15.0) -> list[float]:
    """Heights of labels that do not cover each other: those that would go up."""
    found, below = list(heights), SHEET.bottom + apart
    for index in sorted(range(len(heights)), key=lambda index: -heights[index]):
        below = found[index] = min(heights[index], below - apart)
    return found
