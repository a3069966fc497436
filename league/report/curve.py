"""The exploitability curve: NashConv, on a log axis, against iterations or seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from league.report.figure import absent, figure, section, svg, switch
from league.report.scale import Linear, Log, log_range
from league.report.text import embed, escape, exact
from league.view import LeagueView
from marl.words import duration, number

WIDTH, HEIGHT = 1040, 380
LEFT, RIGHT, TOP, BOTTOM = 84, 20, 16, 52
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


def thinned(points: list[Point]) -> list[Point]:
    """At most about MOST points, the last always among them."""
    step = -(-len(points) // MOST)
    return points if step <= 1 else points[:-1:step] + points[-1:]


def curve_section(view: LeagueView) -> str:
    """The section of the page."""
    points = measured(view)
    if not points:
        return section("exploitability", "Exploitability", absent(why_absent(view)))
    shown = thinned(points)
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
        "this run (only environments that describe themselves exactly can). It is left out rather than guessed; the "
        "payoffs below show who beats whom."
    )


def drawing(points: list[Point], xs: list[float], title: str, *, hidden: bool) -> str:
    """One curve over one horizontal axis."""
    low, high = log_range([p.nash_conv for p in points])
    x = Linear(min([0.0, *xs]), max(max(xs), 1e-9), LEFT, WIDTH - RIGHT)
    y = Log(low, high, HEIGHT - BOTTOM, TOP)
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
    body = grid(x, y, title) + lines + marks + last + '<g class="cursor"></g>'
    data = embed(
        {
            "kind": "curve",
            "at": [[round(px, 1), round(py, 1)] for px, py in places],
            "says": [
                [p.iteration, duration(p.seconds), number(p.nash_conv), number(b)]
                for p, b in zip(points, best, strict=True)
            ],
            "span": [TOP, HEIGHT - BOTTOM],
        }
    )
    label = f"NashConv by {title}, from {number(points[0].nash_conv)} to {number(points[-1].nash_conv)}"
    edge = "Values below 10⁻⁹, where only rounding is left, lie on the bottom edge."
    note = edge if min(p.nash_conv for p in points) < 1e-9 else ""
    return figure(
        svg(body, WIDTH, HEIGHT, label), data, note, hidden=hidden, name="by seconds" if hidden else "by iteration"
    )


def running_best(points: Sequence[Point]) -> list[float]:
    """The least NashConv up to each point."""
    result: list[float] = []
    for point in points:
        result.append(min(point.nash_conv, result[-1]) if result else point.nash_conv)
    return result


def grid(x: Linear, y: Log, title: str) -> str:
    """Both axes, with lines at their ticks."""
    parts = []
    for value, label in y.ticks():
        at = y(value)
        weight = "grid" if label else "grid minor"
        parts.append(f'<path class="{weight}" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for value, label in x.ticks(8):
        at = x(value)
        parts.append(f'<path class="grid" d="M{at:.1f} {HEIGHT - BOTTOM}v5"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{label}</text>')
    centre, middle = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    turn = f'transform="rotate(-90 16 {middle})"'
    parts.append(f'<text class="axis" x="{centre}" y="{HEIGHT - 10}" text-anchor="middle">{title}</text>')
    parts.append(f'<text class="axis" x="16" y="{middle}" text-anchor="middle" {turn}>NashConv (log)</text>')
    return "".join(parts)


def polyline(places: Sequence[tuple[float, float]]) -> str:
    """Path data through all places."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def stairs(places: Sequence[tuple[float, float]]) -> str:
    """Path data that holds each height until the next place, with a corner only where the height changes."""
    corners = [f"M{places[0][0]:.1f} {places[0][1]:.1f}"]
    for (_, before), (x, y) in pairwise(places):
        if y != before:
            corners.append(f"H{x:.1f}V{y:.1f}")
    return "".join(corners) + f"H{places[-1][0]:.1f}"


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
