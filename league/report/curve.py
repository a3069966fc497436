"""The curves of measures, against iterations or seconds: one section for each measure that was taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from league.measures import About
from league.view import LeagueView
from marl.page.figure import absent, figure, section, svg, switch
from marl.page.plot import CURSOR, Place, Scale, Sheet, axes, polyline, read_out, stairs, thinned
from marl.page.scale import Linear, Log, log_range, padded
from marl.page.text import escape, exact
from marl.words import duration, number, uncertain

SHEET = Sheet(1040, 380, left=84, right=1020, top=16, bottom=328)
MOST = 1500  # points drawn; longer runs are thinned evenly


@dataclass(frozen=True)
class Point:
    """One measured iteration. `margin`: half the 95 % interval, 0 where it is exact, None where it is not known."""

    iteration: int
    seconds: float
    value: float
    margin: float | None


def measured(view: LeagueView, name: str) -> list[Point]:
    """The iterations after which a measure was taken, in order."""
    return [
        Point(it.number, it.seconds, value.value, value.margin)
        for it in view.iterations
        if (value := it.measures.get(name)) is not None and math.isfinite(value.value)
    ]


def measure_sections(view: LeagueView) -> list[str]:
    """A section of the page for every measure; one that says why there is none."""
    sections = [curve_section(view, name, about) for name, about in view.measured.items() if measured(view, name)]
    return sections or [section("measures", "Measures", absent(why_absent(view)))]


def curve_section(view: LeagueView, name: str, about: About) -> str:
    """The section of a measure."""
    points = measured(view, name)
    shown = thinned(points, MOST)
    by_iteration = drawing(about, shown, [float(p.iteration) for p in shown], "iteration", hidden=False)
    by_seconds = drawing(about, shown, [p.seconds for p in shown], "seconds of run time", hidden=True)
    choice = switch(anchor(name), ["by iteration", "by seconds"], "horizontal axis")
    body = f'{choice}<div class="alternatives">{by_iteration}{by_seconds}</div>{numbers(view, about, points)}'
    return section(anchor(name), about.title, body, lead(view, about, points))


def anchor(name: str) -> str:
    """What the section of a measure is called in the page."""
    return f"curve-{name.replace('/', '-')}"


def lead(view: LeagueView, about: About, points: list[Point]) -> str:
    """What the curve shows, as HTML."""
    sides = f"{len(view.sides)} side{'s' if len(view.sides) != 1 else ''}"
    said = [escape(about.note)] if about.note else []
    if about.per_side:
        said.append(f"{escape(about.per_side)} is {escape(about.title)} divided by the {sides}.")
    if about.better:
        said.append("The thin stepped line is the best so far.")
    if any(point.margin for point in points):
        said.append("Bars are 95 % intervals.")
    return " ".join(said)


def why_absent(view: LeagueView) -> str:
    """Why there is no curve, as HTML."""
    if not view.iterations:
        return "No iteration has finished yet, so there is nothing to draw."
    return (
        f"Nothing was measured: unless <code>measures:</code> says otherwise, a league is measured by exact best "
        f"responses, and <code>{escape(view.env)}</code> gave none in this run (only environments that describe "
        "themselves exactly can, and where payoffs are sampled they are not asked for them). The payoffs below show "
        "who beats whom."
    )


def drawing(about: About, points: list[Point], xs: list[float], title: str, *, hidden: bool) -> str:
    """One curve over one horizontal axis."""
    x, y = SHEET.across(min([0.0, *xs]), max(max(xs), 1e-9)), upward(about, points)
    places = [(x(at), y(p.value)) for at, p in zip(xs, points, strict=True)]
    best = running_best(about, points)
    steps = [(px, y(value)) for (px, _), value in zip(places, best, strict=True)]
    marks = (
        "".join(f'<circle class="point" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in places)
        if len(places) <= 60
        else ""
    )
    last = f'<circle class="last" cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="5"/>'
    stepped = f'<path class="best" d="{stairs(steps)}"/>' if about.better else ""
    lines = f'{intervals(y, places, points)}{stepped}<path class="curve" d="{polyline(places)}"/>'
    name = f"{about.title} (log)" if about.log else about.title
    body = axes(SHEET, x, y, (title, name)) + lines + marks + last + CURSOR
    data = read_out(SHEET, places, [saying(about, p, b) for p, b in zip(points, best, strict=True)])
    label = f"{about.title} by {title}, from {number(points[0].value)} to {number(points[-1].value)}"
    edge = "Values below 10⁻⁹, where only rounding is left, lie on the bottom edge."
    note = edge if about.log and min(p.value for p in points) < 1e-9 else ""
    picture = svg(body, SHEET.width, SHEET.height, label)
    return figure(picture, data, note, hidden=hidden, name="by seconds" if hidden else "by iteration")


def upward(about: About, points: list[Point]) -> Log | Linear:
    """The vertical scale, with room for the intervals."""
    ends = [p.value + sign * (p.margin or 0.0) for p in points for sign in (-1, 1)]
    if about.log:
        return Log(*log_range(ends), SHEET.bottom, SHEET.top)
    return SHEET.up(*padded(min(ends), max(ends)))


def intervals(y: Scale, places: list[Place], points: list[Point]) -> str:
    """A bar for every 95 % interval that has a width."""
    bars = "".join(
        f"M{px:.1f} {y(p.value - p.margin):.1f}V{y(p.value + p.margin):.1f}"
        for (px, _), p in zip(places, points, strict=True)
        if p.margin
    )
    return f'<path class="best" d="{bars}"/>' if bars else ""


def saying(about: About, point: Point, best: float) -> str:
    """What a pointer at the point reads."""
    now, before = number(point.value), number(best)
    compared = "the best so far" if now == before else f"best {before}"
    told = (
        f"iteration {point.iteration}, {duration(point.seconds)}\n{about.title} {uncertain(point.value, point.margin)}"
    )
    return f"{told}, {compared}" if about.better else told


def running_best(about: About, points: Sequence[Point]) -> list[float]:
    """The best value up to each point."""
    result: list[float] = []
    for point in points:
        result.append(point.value if not result or about.surpasses(point.value, result[-1]) else result[-1])
    return result


def best_of(about: About, points: Sequence[Point]) -> Point | None:
    """The first point with the best value, or None where none is better than another."""
    if not about.better or not points:
        return None
    best = points[0]
    for point in points[1:]:
        best = point if about.surpasses(point.value, best.value) else best
    return best


def numbers(view: LeagueView, about: About, points: list[Point]) -> str:
    """The curve as a folded table: iterations 1, 2, 5, 10, 20, ... and the last."""
    round_ones = {digit * 10**power for power in range(9) for digit in (1, 2, 5)}
    chosen = [p for p in points if p.iteration in round_ones or p in (points[0], points[-1])]
    unsure, shared = any(p.margin != 0 for p in points), bool(about.per_side)
    rows = "".join(
        f"<tr><td>{p.iteration}</td><td>{duration(p.seconds)}</td><td>{exact(p.value)}</td>"
        + (f"<td>{number(p.margin, 2) if p.margin is not None else '?'}</td>" if unsure else "")
        + (f"<td>{exact(p.value / len(view.sides))}</td>" if shared else "")
        + "</tr>"
        for p in chosen
    )
    names = [about.title, *(["± (95 %)"] if unsure else []), *([about.per_side.lower()] if shared else [])]
    head = f"<tr><th>iteration</th><th>run time</th>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    return f'<details><summary>The curve in numbers</summary><div class="scroll">{table}</div></details>'
