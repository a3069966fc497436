"""A card for each player: what it is, how it did against everybody, and what it wrote when it failed."""

from __future__ import annotations

from pathlib import Path

from league.ledger import MatchRow
from league.tournament.page.matches import PLAIN
from league.tournament.standings import Line, Standings
from marl.page.figure import section
from marl.page.text import escape
from marl.printable import printable

FAULTS = 5  # shown of each player
LINES = 12  # of each log
BYTES = 4096


def players_section(standings: Standings, logs: Path) -> str:
    """The section of the page."""
    cards = "".join(card(standings, line, logs) for line in standings.lines)
    return section("players", "Players", f'<div class="cards">{cards}</div>')


def card(standings: Standings, line: Line, logs: Path) -> str:
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
        f"{failures(standings, line, logs)}"
        "</details>"
    )


def failures(standings: Standings, line: Line, logs: Path) -> str:
    """The last matches that it lost by its own doing, each with the end of its log."""
    failed = [
        (match, seat)
        for match in reversed(standings.matches)
        for seat, player in enumerate(match.players)
        if player == line.player and match.verdicts[seat] not in (*PLAIN, "host error")
    ]
    parts = [failure(match, seat, logs) for match, seat in failed[:FAULTS]]
    if len(failed) > FAULTS:
        parts.append(f'<p class="soft">{len(failed) - FAULTS} more</p>')
    return "".join(parts)


def failure(match: MatchRow, seat: int, logs: Path) -> str:
    """One of them."""
    log = tail(logs / f"{match.pairing}-{seat}.log")
    text = f"<pre>{escape(log)}</pre>" if log else ""
    return (
        f'<div class="failure"><p><b>{escape(match.verdicts[seat])}</b> in match {escape(match.pairing)}: '
        f"{escape(match.details[seat] or 'no reason was given')}</p>{text}</div>"
    )


def tail(path: Path) -> str:
    """The last lines of a log, or ""."""
    try:
        content = path.read_bytes()[-BYTES:]
    except OSError:
        return ""
    text = printable(content.decode("utf-8", "replace").replace("\r\n", "\n"), lines=True)
    return "\n".join(text.strip().splitlines()[-LINES:])
