"""Cycles among players, by name: what no rating and no curve can say."""

from __future__ import annotations

from league.measures.cycles import MOST, cycles
from league.view import LeagueView
from marl.page.figure import absent, section
from marl.page.text import escape, exact

SHOWN = 8


def circles_section(view: LeagueView) -> str:
    """The section of the page; "" where beating somebody has no meaning, as among three sides."""
    if len(view.sides) != 2 or len(view.players) < 3:
        return ""
    lead = (
        "Each beats the next, and the last the first, and all of it is sure: the whole 95 % interval of every payoff "
        f"is beyond. The strongest, among the newest {MOST} different players of a side; <em>least</em> is what one "
        "of them earns at least from the next."
    )
    found = cycles(view, SHOWN)
    if not found:
        nothing = "No sure cycle among the pairings that were played: as far as they say, players stand in an order."
        return section("cycles", "Cycles", absent(nothing), lead)
    rows = "".join(
        f'<tr><td class="word">{" <em>beats</em> ".join(map(escape, (*one.players, one.players[0])))}</td>'
        f"<td>{exact(one.strength, 3)}</td></tr>"
        for one in found
    )
    head = "<thead><tr><th>who beats whom</th><th>least</th></tr></thead>"
    table = f'<table class="ranking">{head}<tbody>{rows}</tbody></table>'
    return section("cycles", "Cycles", f'<div class="scroll">{table}</div>', lead)
