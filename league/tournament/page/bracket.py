"""The bracket of a knockout, a column for each stage."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from league.schedules import Tie
from league.tournament.standings import Standings
from marl.page.figure import section
from marl.page.text import escape, exact

LEAD = "Who wins a meeting goes on; the points are those of its games. Choose a meeting to see its matches."


def bracket_section(standings: Standings) -> str:
    """The section of the page; "" where there is no bracket."""
    if not standings.bracket:
        return ""
    parts = "".join(part(name, list(ties)) for name, ties in groupby(standings.bracket, lambda each: each.part))
    return section("bracket", "Bracket", parts, LEAD)


def part(name: str, ties: Iterable[Tie]) -> str:
    """One part, whose stages stand side by side."""
    stages = "".join(
        f'<div class="stage"><h4>{escape(stage)}</h4><div class="ties">{"".join(map(tie, met))}</div></div>'
        for stage, met in groupby(ties, lambda each: each.stage)
    )
    head = f"<h3>{escape(name)}</h3>" if name else ""
    return f'{head}<div class="scroll"><div class="bracket">{stages}</div></div>'


def tie(each: Tie) -> str:
    """One meeting."""
    one, two = each.players
    lines = "".join(
        f'<span class="{_kind(name, each.winner)}"><span>{_shown(name)}</span>'
        f"<b>{exact(points) if one and two else ''}</b></span>"
        for name, points in zip(each.players, each.points, strict=True)
    )
    if one and two:
        return f'<button type="button" class="tie" data-one="{escape(one)}" data-two="{escape(two)}">{lines}</button>'
    return f'<div class="tie">{lines}</div>'


def _kind(name: str | None, winner: str) -> str:
    return "open" if not name else "won" if name == winner else "lost" if winner else ""


def _shown(name: str | None) -> str:
    return "bye" if name is None else escape(name) if name else "not known yet"
