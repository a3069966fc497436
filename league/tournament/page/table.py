"""The table: everybody, best first, with a rating and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from league.tournament.standings import Line, Standings
from marl.page.figure import absent, section
from marl.page.text import escape, exact
from marl.words import MISSING

WIDTH, HEIGHT = 240, 20
LEAD = (
    "Order: {order}. <em>Rating</em>: {rating}, {says}. Where it has 95 % intervals and they overlap, the order of two "
    "players may be chance."
)


def table_section(standings: Standings) -> str:
    """The section of the page."""
    if not standings.lines:
        return section("standings", "Standings", absent("Nobody takes part yet."))
    span = bounds(standings)
    more = columns(standings)
    head = "".join(
        f'<th class="{kind}">{name}</th>'
        for name, kind in (
            ("", ""), ("player", "word"), ("points", ""), *((escape(name), "") for name, _ in more), ("played", ""),
            ("won", ""), ("drawn", ""), ("lost", ""),
            ("rating", ""), (axis(span), "interval"), ("faults", "word"),
        )
    )  # fmt: skip
    rows = "".join(row(line, span, [value(line) for _, value in more]) for line in standings.lines)
    body = (
        f'<div class="scroll"><table class="places"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    lead = LEAD.format(
        order=escape(standings.order or "entry"), rating=escape(standings.rating), says=escape(standings.rating_says)
    )
    return section("standings", "Standings", body + facts(standings), lead)


def facts(standings: Standings) -> str:
    """What the schedule has to say beside the table, and what is wrong with the evidence."""
    found = "".join(f"<dt>{escape(fact.name)}</dt><dd>{escape(fact.text)}</dd>" for fact in standings.facts)
    told = f'<dl class="reading">{found}</dl>' if found else ""
    return told + (f'<p class="fault"><b>Warning:</b> {escape(standings.warning)}</p>' if standings.warning else "")


def columns(standings: Standings) -> list[tuple[str, Callable[[Line], float | None]]]:
    """The columns between the points and the games: only those that have something to say here."""
    found: list[tuple[str, Callable[[Line], float | None]]] = []
    if any(line.unplayed for line in standings.lines):
        found.append(("unplayed", lambda line: line.unplayed))
    for place, (name, _) in enumerate(standings.lines[0].tiebreaks):
        found.append((name, lambda line, place=place: line.tiebreaks[place][1]))  # type: ignore[misc]
    if standings.pays:
        found.append(("return", lambda line: line.earned))
    return found


def row(line: Line, span: tuple[float, float] | None, more: Sequence[float | None] = ()) -> str:
    """One player."""
    kind = "" if line.bot.kind == "bot" else f'<span class="role">{escape(line.bot.kind)}</span>'
    if line.left is not None:
        kind += f'<span class="role fault">{escape(line.left)}</span>'
    faults = ", ".join(f"{count} {verdict}" for verdict, count in sorted(line.faults.items()))
    rating = exact(line.rating.value, 4) if line.rating else MISSING
    whisker = interval(line, span) if span else ""
    return (
        f'<tr><td class="place">{line.rank}</td><td class="name"><a href="#player-{escape(line.player)}">'
        f"{escape(line.player)}</a>{kind}</td><td><b>{exact(line.points)}</b></td>"
        f"{''.join(f'<td>{exact(value)}</td>' for value in more)}<td>{line.played}</td>"
        f"<td>{line.wins}</td><td>{line.draws}</td><td>{line.losses}</td><td>{rating}</td>"
        f'<td class="interval">{whisker}</td><td class="word fault">{escape(faults)}</td></tr>'
    )


def bounds(standings: Standings) -> tuple[float, float] | None:
    """From the lowest to the highest end of all intervals."""
    ends = [end for line in standings.lines if line.rating for end in (line.rating.low, line.rating.high)]
    finite = [end for end in ends if math.isfinite(end)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    return (low - 10, high + 10)


def interval(line: Line, span: tuple[float, float]) -> str:
    """A rating and its interval, drawn."""
    if line.rating is None or not math.isfinite(line.rating.low):
        return ""
    low, value, high = (place(end, span) for end in (line.rating.low, line.rating.value, line.rating.high))
    says = f"{line.rating.value:.0f}, 95 % interval {line.rating.low:.0f} to {line.rating.high:.0f}"
    zero = place(0.0, span)
    rule = f'<path class="grid" d="M{zero:.1f} 0V{HEIGHT}"/>' if 0 <= zero <= WIDTH else ""
    return (
        f'<svg class="whisker" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{says}"><title>{says}</title>'
        f"{rule}"
        f'<path class="span" d="M{low:.1f} {HEIGHT / 2:g}H{high:.1f}"/>'
        f'<circle class="point" cx="{value:.1f}" cy="{HEIGHT / 2:g}" r="4.5"/></svg>'
    )


def axis(span: tuple[float, float] | None) -> str:
    """What the ends of the drawing mean."""
    if span is None:
        return "95 %"
    return f'<span class="axis-ends"><span>{span[0]:.0f}</span><span>95 %</span><span>{span[1]:.0f}</span></span>'


def place(value: float, span: tuple[float, float]) -> float:
    """Where a rating stands on the drawing."""
    return (value - span[0]) / (span[1] - span[0]) * WIDTH
