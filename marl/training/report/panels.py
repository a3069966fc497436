"""Small multiples: what every update logged, a panel for each number, a line for each module."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from marl.page.figure import absent, figure, section
from marl.page.plot import Sheet
from marl.page.scale import padded, plain
from marl.page.text import escape
from marl.reward import LOGGED
from marl.training.report.chart import COLOURS, Chart, Line, legend, percent
from marl.training.report.series import Point, Series
from marl.training.report.view import RECENT, Logged, TrainView
from marl.words import clipped, compact, number

SHEET = Sheet(352, 190, left=58, right=330, top=10, bottom=162)
MOST = 30  # panels; numbers that get none are named
TITLES = {
    "return": "Return in training",
    "length": "Length of a match",
    "entropy": "Entropy",
    "kl": "KL divergence",
    "explained_variance": "Explained variance",
    "policy_loss": "Policy loss",
    "value_loss": "Value loss",
    "loss": "Loss",
    "clip_fraction": "Clipped",
    "grad_norm": "Gradient norm",
    "lr": "Learning rate",
}  # in this order; what else an algorithm logs comes after, under its own name
SPEED, SHARES = "env_steps_per_s", {"sampler_share": "sampler", "learner_share": "learner"}
DETAILS = (".paid", ".share", ".deviation")  # of channels of rewards: `marl rewards analyze` draws them
SILENT = {"env_steps", "rows", "matches", "sample_seconds", "learn_seconds", SPEED, *SHARES}


def short(value: float) -> str:
    """A value where there is little room."""
    return compact(value) if abs(value) >= 1e4 else plain(float(f"{value:.3g}"))


@dataclass(frozen=True)
class Panel:
    """One small chart. `bounds`: where the axis is the same whatever the values. `label` writes a value.

    `key`: whether the newest values say whose they are, for want of a legend.
    """

    title: str
    lines: tuple[Line, ...]
    bounds: tuple[float, float] | None = None
    label: Callable[[float], str] = short
    key: bool = False


def learning_section(view: TrainView) -> str:
    """What the updates say about learning."""
    if not view.series:
        return section("learning", "Learning", absent("No update has logged anything that could be drawn."))
    lead = (
        f"By env steps, from {view.updates:,} updates. A line is the mean of neighbouring updates, the shade around it "
        f"their range, and the number the mean of the last {min(RECENT, view.updates)} updates."
    )
    return panels_section(view, lead)


def panels_section(view: Logged, lead: str) -> str:
    """A panel for every number that updates logged, under a sentence that says what is drawn."""
    modules = modules_of(view)
    constant, varying = sorted_out(view)
    panels = [panel(view, key, names, modules) for key, names in varying.items()]
    key = legend([Line(module, (), colour) for colour, module in enumerate(modules[:COLOURS])])
    said = [f"{clipped(name, 40)} {number(value)}" for name, value in constant.items()]
    notes = [f"The same all along: {', '.join(said)}."] if said else []
    if left_out := [clipped(each.title, 40) for each in panels[MOST:]]:
        notes.append(f"Without a panel: {', '.join(left_out)}.")
    if len(modules) > COLOURS:
        notes.append(f"The first {COLOURS} of {len(modules)} modules are drawn.")
    note = f'<p class="note">{escape(" ".join(notes))}</p>' if notes else ""
    return section("learning", "Learning", f"{key}{grid(panels[:MOST])}{note}", lead)


def speed_section(view: TrainView) -> str:
    """How fast it went, and where the time of an update went; nothing where no update says so."""
    panels = []
    if series := view.series.get(SPEED):
        most = max(point.value for point in series)
        panels.append(Panel("Env steps a second", (Line("", series, 0, view.latest[SPEED]),), (0.0, 1.2 * most or 1.0)))
    shares = tuple(
        Line(said, percents(view.series[name]), colour, 100 * view.latest.get(name, math.nan))
        for colour, (name, said) in enumerate(SHARES.items())
        if name in view.series
    )
    if shares:
        panels.append(Panel("Shares of time", shares, (0.0, 100.0), percent, key=True))
    lead = "Of the updates alone; the measurements between slices come on top."
    return section("speed", "Speed", grid(panels), lead) if panels else ""


def percents(series: Series) -> Series:
    """Shares in percent."""
    return tuple(Point(p.at, 100 * p.value, 100 * p.low, 100 * p.high) for p in series)


def modules_of(view: Logged) -> list[str]:
    """The modules that log numbers of their own."""
    return sorted({name.rpartition("/")[0] for name in view.series if "/" in name})


def sorted_out(view: Logged) -> tuple[dict[str, float], dict[str, list[str]]]:
    """The numbers that never changed, and the names of the others by what they are of, in the order of TITLES."""
    constant: dict[str, float] = {}
    varying: dict[str, list[str]] = {}
    for name, series in view.series.items():
        key = name.rpartition("/")[2]
        if key in SILENT or (key.startswith(LOGGED) and key.endswith(DETAILS)):
            continue
        if view.updates > 1 and min(p.low for p in series) == max(p.high for p in series):
            constant[name] = series[0].value
        else:
            varying.setdefault(key, []).append(name)
    others = [key for key in varying if key not in TITLES]
    order = [*(key for key in TITLES if key in varying), *sorted(others, key=lambda key: not key.startswith(LOGGED))]
    return constant, {key: varying[key] for key in order}


def panel(view: Logged, key: str, names: Sequence[str], modules: Sequence[str]) -> Panel:
    """The panel of one number: a line for the run, or for each module."""
    lines = []
    for name in sorted(names):
        module = name.rpartition("/")[0]
        colour = modules.index(module) if module else COLOURS if modules else 0
        if colour < COLOURS or not module:
            lines.append(Line(module, view.series[name], colour, view.latest.get(name)))
    if key.startswith(LOGGED):
        return Panel(f"Reward: {key.removeprefix(LOGGED)}", tuple(lines))
    return Panel(TITLES.get(key) or key.replace("_", " ").capitalize(), tuple(lines))


def grid(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    return f'<div class="panels">{"".join(draw(panel) for panel in panels if panel.lines)}</div>'


def draw(panel: Panel) -> str:
    """One panel: its title, the newest numbers, and the lines."""
    bounds = panel.bounds or usual([point for line in panel.lines for point in line.series])
    chart = Chart(SHEET, panel.lines, bounds, panel.label, wanted=(4, 4))
    newest = "".join(now(panel, line) for line in panel.lines[:4])
    head = f'<p class="panel"><b title="{escape(panel.title)}">{escape(clipped(panel.title, 28))}</b>{newest}</p>'
    return figure(head + chart.drawing(f"{panel.title} by env steps"), chart.data(), name=panel.title)


def now(panel: Panel, line: Line) -> str:
    """The newest value of a line, in its colour."""
    if line.now is None or not math.isfinite(line.now):
        return ""
    said = f"{line.name} {panel.label(line.now)}" if panel.key else panel.label(line.now)
    return f'<span class="c{line.colour}" title="{escape(line.name)}">{escape(said)}</span>'


def usual(points: Sequence[Point]) -> tuple[float, float]:
    """The bounds of an axis that shows all values, but for a few beside which nothing else would be seen."""
    values, lows, highs = (np.array(column) for column in zip(*((p.value, p.low, p.high) for p in points), strict=True))
    low, high = float(values.min()), float(values.max())
    inner, outer = (float(edge) for edge in np.quantile(values, (0.02, 0.98)))
    if high - low > 4 * (outer - inner) > 0:
        low, high = max(low, inner - (outer - inner)), min(high, outer + (outer - inner))
    # Most of the ranges too: where updates differ more than bins do, that is what the panel has to show.
    return padded(min(low, float(np.quantile(lows, 0.1))), max(high, float(np.quantile(highs, 0.9))))
