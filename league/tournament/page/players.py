"""A card for each player: what it is, how it did against everybody, and why it failed.

What it wrote on its standard error is its author's and the host's business, and stays in the event's logs.
"""

from __future__ import annotations

from league.ledger import MatchRow
from league.tournament.page.matches import PLAIN, reason
from league.tournament.standings import Line, Standings
from marl.page.figure import section
from marl.page.text import escape

FAULTS = 5  # shown of each player


def players_section(standings: Standings) -> str:
    """The section of the page."""
    cards = "".join(card(standings, line) for line in standings.lines)
    return section("players", "Players", f'<div class="cards">{cards}</div>')


def card(standings: Standings, line: Line) -> str:
    """One player."""
    bot = line.bot
    what = {"bot": "bot", "snapshot": "snapshot of the league", "policy": "policy of the plugin", "person": "person"}
    by = f"{what[bot.kind]} <b>{escape(bot.author)}</b>" if bot.kind in ("snapshot", "policy") else escape(bot.author)
    rows = "".join(
        f"<tr><td class='word'>{escape(other.player)}</td><td>{met.points:g}/{met.played}</td><td>{met.wins}</td>"
        f"<td>{met.draws}</td><td>{met.losses}</td></tr>"
        for other in standings.lines
        if (met := standings.meetings.get((line.player, other.player)))
    )
    table = (
        f'<table><thead><tr><th class="word">against</th><th>points</th><th>won</th><th>drawn</th><th>lost</th></tr>'
        f"</thead><tbody>{rows}</tbody></table>"
    )
    return (
        f'<details class="card" id="player-{escape(line.player)}"><summary><b>{escape(line.player)}</b>'
        f"<span>version {bot.version}, {by}</span></summary>"
        f'<p class="soft"><code>{escape(bot.content)}</code></p>{table if rows else ""}'
        f"{failures(standings, line)}"
        "</details>"
    )


def failures(standings: Standings, line: Line) -> str:
    """The last matches that it lost by its own doing."""
    failed = [
        (match, seat)
        for match in reversed(standings.matches)
        for seat, player in enumerate(match.players)
        if player == line.player and match.verdicts[seat] not in (*PLAIN, "host error")
    ]
    parts = [failure(match, seat) for match, seat in failed[:FAULTS]]
    if len(failed) > FAULTS:
        parts.append(f'<p class="soft">{len(failed) - FAULTS} more</p>')
    return "".join(parts)


def failure(match: MatchRow, seat: int) -> str:
    """One of them."""
    return (
        f'<div class="failure"><p><b>{escape(match.verdicts[seat])}</b> in match {escape(match.pairing)}: '
        f"{escape(reason(match, seat) or 'no reason was given')}</p></div>"
    )
