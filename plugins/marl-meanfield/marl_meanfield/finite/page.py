"""The page of `marl meanfield finite`: what deviating gains against the number of agents, on log axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from marl.page import document
from marl.page.figure import absent, figure, section, svg
from marl.page.header import header, tile
from marl.page.plot import CURSOR, Sheet, axes, polyline, read_out
from marl.page.scale import Log, log_range
from marl.page.text import escape
from marl.page.words import reading_section
from marl.words import number
from marl_meanfield.finite.measure import Gain
from marl_meanfield.finite.sweep import Sweep, slope

SHEET = Sheet(1040, 380, left=84, right=1020, top=16, bottom=328)
STYLE = (("gain", "error", "curve", "sees its own state"), ("seeing", "seeing_error", "curve other", "sees all"))
READING = (
    (
        "Gain",
        "is what one agent of each population gains by deviating from the limit's policy while all others follow it, "
        "in a game of N agents. The bar is one standard error; points at or below 0 cannot be drawn on a log axis.",
    ),
    (
        "Sees its own state",
        "The deviator knows what the policy knows. In the limit that is all that matters; among few agents, the "
        "distribution differs from the limit's, in the mean by about 1/N.",
    ),
    (
        "Sees all",
        "The deviator sees how all are distributed and goes as if they went on from there as in the limit, which is "
        "less than the best it could do. What it gains follows the fluctuations, about 1/√N.",
    ),
)


def page(sweep: Sweep, gains: Sequence[Gain]) -> str:
    """The whole page as HTML text."""
    limit = sweep.limit()
    tiles = [
        tile("NashConv of the limit", number(limit.nash_conv), "among infinitely many", "limit"),
        tile("Value of the limit", number(float(limit.value.sum())), "where all follow the policy", "value"),
        tile("Falls like", power(slope(gains, "gain")), "who sees its own state", "plain"),
        tile("Falls like", power(slope(gains, "seeing")), "who sees all", "seeing"),
    ]
    head = header("marl meanfield finite", sweep.config.name, [str(sweep.config.game)], "finished", tiles, done=True)
    body = section("gains", "What deviating gains", drawn(gains), "Both axes are logarithmic; dashed: 1/√N.")
    table = section("table", "By the number of agents", tabled(gains), "Means and standard errors over matches.")
    return document(
        sweep.config.name, "marl meanfield finite", f"<main>{head}{body}{table}{reading_section(READING)}</main>"
    )


def power(value: float) -> str:
    """A power of N, or a dash where too little is known."""
    return "not known" if math.isnan(value) else f"N^{value:.2f}".replace("-", "−")


def drawn(gains: Sequence[Gain]) -> str:
    """The curves."""
    known = [getattr(one, column) for one in gains for column, *_ in STYLE]
    known = [value for value in known if value > 0]
    if not known or len(gains) < 2:
        return absent("Fewer than two measurements, so there is nothing to draw.")
    x = Log(gains[0].agents * 0.8, gains[-1].agents * 1.25, SHEET.left, SHEET.right)
    y = Log(*log_range(known), SHEET.bottom, SHEET.top)
    body = axes(SHEET, x, y, ("agents", "gain by deviating"))
    first, last, top = gains[0].agents, gains[-1].agents, max(known)
    guide = [(x(first), y(top)), (x(last), y(top * math.sqrt(first / last)))]
    body += f'<path class="curve guide" d="{polyline(guide)}"/>'
    at, says = [], []
    for column, error, style, words in STYLE:
        points = [(one, getattr(one, column), getattr(one, error)) for one in gains if getattr(one, column) > 0]
        if not points:
            continue
        places = [(x(one.agents), y(value)) for one, value, _ in points]
        body += f'<path class="{style}" d="{polyline(places)}"/>'
        for (px, py), (one, value, wide) in zip(places, points, strict=True):
            low, high = y(max(value - wide, 1e-12)), y(value + wide)
            body += f'<path class="{style}" d="M{px:.1f} {low:.1f}V{high:.1f}"/>'
            body += f'<circle class="{style} dot" cx="{px:.1f}" cy="{py:.1f}" r="4"/>'
            at.append((px, py))
            says.append(f"{one.agents:,} agents, {words}\ngain {number(value)} ± {number(wide)}")
        (px, py), up = places[-1], -14
        body += f'<text class="axis" x="{px:.1f}" y="{py + up:.1f}" text-anchor="end">{words}</text>'
    drawing = svg(body + CURSOR, SHEET.width, SHEET.height, "Gain by deviating against the number of agents")
    return STYLES + figure(drawing, read_out(SHEET, at, says))


STYLES = (
    "<style>.curve.other { stroke: var(--best); } .curve.guide { stroke-dasharray: 5 5; stroke-width: 1; opacity: .7; }"
    " .curve.dot { fill: var(--card); }</style>"
)


def tabled(gains: Sequence[Gain]) -> str:
    """The numbers."""
    rows = ""
    for one in gains:
        seeing = "" if math.isnan(one.seeing) else f"{number(one.seeing)} ± {number(one.seeing_error)}"
        cells = (
            f"{one.agents:,}",
            f"{one.matches:,}",
            number(one.value),
            f"{number(one.gain)} ± {number(one.error)}",
            seeing,
        )
        rows += "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    heads = "".join(f"<th>{one}</th>" for one in ("agents", "matches", "value", "gain, own state", "gain, sees all"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
