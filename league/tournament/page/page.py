"""The page: sections in order, style and script inside, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path

import marl
from league.report import page as report
from league.report.header import tile
from league.report.text import escape, exact
from league.tournament.event import Event
from league.tournament.page.crosstable import crosstable_section
from league.tournament.page.fairness import fairness_section
from league.tournament.page.matches import matches_section
from league.tournament.page.players import players_section
from league.tournament.page.replays import replays
from league.tournament.page.table import table_section
from league.tournament.standings import Standings, view
from marl.blobs import write_atomically

ASSETS = Path(__file__).parent


def write(event: Event, path: Path, shown: Standings | None = None) -> None:
    """Write the standings page of an event, all of it or nothing."""
    write_atomically(path, render(event, shown or view(event)).encode())


def render(event: Event, standings: Standings) -> str:
    """The whole page as HTML text."""
    style = (report.ASSETS / "page.css").read_text(encoding="utf-8") + (ASSETS / "page.css").read_text(encoding="utf-8")
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    sections = (
        table_section(standings),
        crosstable_section(standings),
        matches_section(standings, replays(event, standings.matches)),
        players_section(standings, event.path / "logs"),
        fairness_section(standings),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{report.policy(script)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(standings.name)} · marl tournament</title><style>{style}</style></head>"
        f"<body><main>{header(standings)}{''.join(sections)}</main>"
        f"<footer>Written by marl {escape(marl.__version__)}</footer><script>{script}</script></body></html>\n"
    )


def header(standings: Standings) -> str:
    """Name, game, state and tiles."""
    s = standings
    state = {"finished": "done", "running": "open", "open": "open"}[s.state]
    word = {"finished": "finished", "running": "being played", "open": "not begun"}[s.state]
    counted = [match for match in s.matches if not match.void]
    faults = sum(line.fault_count for line in s.lines)
    lead = s.lines[0] if s.lines and counted else None
    shared = lead is not None and sum(line.rank == 1 for line in s.lines) > 1
    tiles = [
        tile("Shared first place" if shared else "First place", escape(lead.player) if lead else "–",
             f"{exact(lead.points)} points of {lead.played} matches" if lead else "no match yet"),
        tile("Players", f"{len(s.lines)}"),
        tile("Matches", f"{len(counted):,}", f"{s.void} void, played again" if s.void else "each counted once"),
        tile("Length", exact(sum(m.plies for m in counted) / len(counted), 3) if counted else "–", "moves on average"),
        tile("Faults", f"{faults:,}", "matches that a bot lost by its own doing"),
    ]  # fmt: skip
    return (
        f'<header><p class="kind">marl tournament</p><h1>{escape(s.name)}</h1>'
        f'<p class="sub"><code>{escape(s.game)}</code><code>{escape(s.schedule)}</code>'
        f'<span class="state {state}">{word}</span></p><dl class="tiles">{"".join(tiles)}</dl></header>'
    )
