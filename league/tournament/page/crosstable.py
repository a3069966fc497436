"""The crosstable: who scored how much against whom."""

from __future__ import annotations

from league.tournament.standings import Meeting, Standings
from marl.page.figure import absent, section
from marl.page.text import escape
from marl.words import clipped

LEAD = (
    "Points of the player on the left against the one above, out of the matches they played. Blue: more than half; "
    "orange: less. Choose a cell to see its matches."
)


def crosstable_section(standings: Standings) -> str:
    """The section of the page."""
    names = [line.player for line in standings.lines]
    if not standings.meetings:
        return section("crosstable", "Crosstable", absent("No match has been finished yet."))
    head = "".join(f'<th title="{escape(name)}"><span>{place}</span></th>' for place, name in enumerate(names, 1))
    rows = "".join(
        f'<tr><td class="place">{place}</td><td class="name">{escape(clipped(one, 24))}</td>'
        f"{''.join(cell(standings.meetings.get((one, two)), one, two) for two in names)}</tr>"
        for place, one in enumerate(names, 1)
    )
    body = (
        f'<div class="scroll"><table class="cross"><thead><tr><th></th><th></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    lead = LEAD if standings.sides == 2 else LEAD.replace("Points of", "Points of a match between more than two, for")
    return section("crosstable", "Crosstable", body, lead)


def cell(met: Meeting | None, one: str, two: str) -> str:
    """One cell."""
    if one == two:
        return '<td class="self"></td>'
    if met is None:
        return '<td class="never">·</td>'
    share = met.points / met.played
    tone, weight = ("up", 2 * share - 1) if share > 0.5 else ("down", 1 - 2 * share)
    says = f"{one} against {two}: {met.wins} won, {met.draws} drawn, {met.losses} lost"
    return (
        f'<td class="{tone}" style="--w:{weight:.2f}" title="{escape(says)}"><button type="button" '
        f'data-one="{escape(one)}" data-two="{escape(two)}">{met.points:g}<i>/{met.played}</i></button></td>'
    )
