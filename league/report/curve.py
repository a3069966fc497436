"""The exploitability curve: NashConv, on a log axis, against iterations or seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from league.view import LeagueView
from marl.page.figure import absent, figure, section, svg, switch
from marl.page.plot import CURSOR, Sheet, axes, polyline, read_out, stairs, thinned
from marl.page.scale import Log, log_range
from marl.page.text import escape, exact
from marl.words import duration, number

SHEET = Sheet(1040, 380, left=84, right=1020, top=16, bottom=328)
MOST = 1500  # points drawn; longer runs are thinned evenly


@dataclass(frozen=True)
class Point:
    """One measured iteration."""

    iteration: int
    seconds: float
    nash_conv: float


def measured(view: LeagueView) -> list[Point]:
    """The iterations whose NashConv is known, in order."""
    return [
        Point(it.number, it.seconds, it.nash_conv)
        for it in view.iterations
        if it.nash_conv is not None and math.isfinite(it.nash_conv)
    ]


def curve_section(view: LeagueView) -> str:
    """The section of the page."""
    points = measured(view)
    if not points:
        return section("exploitability", "Exploitability", absent(why_absent(view)))
    shown = thinned(points, MOST)
    by_iteration = drawing(shown, [float(p.iteration) for p in shown], "iteration", hidden=False)
    by_seconds = drawing(shown, [p.seconds for p in shown], "seconds of run time", hidden=True)
    choice = switch("exploitability", ["by iteration", "by seconds"], "horizontal axis")
    lead = (
        "NashConv sums what each side could still gain by a best response to the others; 0 is a Nash equilibrium. "
        f"Exploitability is NashConv divided by the {len(view.sides)} side{'s' if len(view.sides) != 1 else ''}. "
        "The thin stepped line is the best so far."
    )
    body = f'{choice}<div class="alternatives">{by_iteration}{by_seconds}</div>{numbers(points, len(view.sides))}'
    return section("exploitability", "Exploitability", body, lead)


def why_absent(view: LeagueView) -> str:
    """Why there is no curve, as HTML."""
    if not view.iterations:
        return "No iteration has finished yet, so there is nothing to draw."
    return (
        f"NashConv is absent: it needs exact best responses, and <code>{escape(view.env)}</code> did not give any in "
        "this run (only environments that describe themselves exactly can, and where payoffs are sampled "
        "<code>stop.nash_conv</code> asks for it). It is left out rather than guessed; the payoffs below show who "
        "beats whom."
    )


def drawing(points: list[Point], xs: list[float], title: str, *, hidden: bool) -> str:
    """One curve over one horizontal axis."""
    low, high = log_range([p.nash_conv for p in points])
    x = SHEET.across(min([0.0, *xs]), max(max(xs), 1e-9))
    y = Log(low, high, SHEET.bottom, SHEET.top)
    places = [(x(at), y(p.nash_conv)) for at, p in zip(xs, points, strict=True)]
    best = running_best(points)
    steps = [(px, y(value)) for (px, _), value in zip(places, best, strict=True)]
    marks = (
        "".join(f'<circle class="point" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in places)
        if len(places) <= 60
        else ""
    )
    last = f'<circle class="last" cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="5"/>'
    lines = f'<path class="best" d="{stairs(steps)}"/><path class="curve" d="{polyline(places)}"/>'
    body = axes(SHEET, x, y, (title, "NashConv (log)")) + lines + marks + last + CURSOR
    data = read_out(SHEET, places, [saying(p, b) for p, b in zip(points, best, strict=True)])
    label = f"NashConv by {title}, from {number(points[0].nash_conv)} to {number(points[-1].nash_conv)}"
    edge = "Values below 10⁻⁹, where only rounding is left, lie on the bottom edge."
    note = edge if min(p.nash_conv for p in points) < 1e-9 else ""
    picture = svg(body, SHEET.width, SHEET.height, label)
    return figure(picture, data, note, hidden=hidden, name="by seconds" if hidden else "by iteration")


def saying(point: Point, best: float) -> str:
    """What a pointer at the point reads."""
    now, before = number(point.nash_conv), number(best)
    compared = "the best so far" if now == before else f"best {before}"
    return f"iteration {point.iteration}, {duration(point.seconds)}\nNashConv {now}, {compared}"


def running_best(points: Sequence[Point]) -> list[float]:
    """The least NashConv up to each point."""
    result: list[float] = []
    for point in points:
        result.append(min(point.nash_conv, result[-1]) if result else point.nash_conv)
    return result


def numbers(points: list[Point], sides: int) -> str:
    """The curve as a folded table: iterations 1, 2, 5, 10, 20, ... and the last."""
    round_ones = {digit * 10**power for power in range(9) for digit in (1, 2, 5)}
    chosen = [p for p in points if p.iteration in round_ones or p in (points[0], points[-1])]
    rows = "".join(
        f"<tr><td>{p.iteration}</td><td>{duration(p.seconds)}</td>"
        f"<td>{exact(p.nash_conv)}</td><td>{exact(p.nash_conv / sides)}</td></tr>"
        for p in chosen
    )
    head = "<tr><th>iteration</th><th>run time</th><th>NashConv</th><th>exploitability</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    return f'<details><summary>The curve in numbers</summary><div class="scroll">{table}</div></details>'
