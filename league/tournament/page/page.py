"""The page: sections in order, style and script inside, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path

from league.tournament.event import Event, opened
from league.tournament.page.bracket import bracket_section
from league.tournament.page.crosstable import crosstable_section
from league.tournament.page.fairness import fairness_section
from league.tournament.page.matches import matches_section
from league.tournament.page.players import players_section
from league.tournament.page.replays import replays
from league.tournament.page.rounds import rounds_section
from league.tournament.page.table import table_section
from league.tournament.standings import Line, Standings, view
from marl.blobs import write_atomically
from marl.drawer import Drawer
from marl.page import document
from marl.page.header import header, tile
from marl.page.text import escape, exact
from marl.registry import load_registry


def write(event: Event, path: Path, shown: Standings | None = None, drawer: Drawer | None = None) -> None:
    """Write the standings page of an event, all of it or nothing. `drawer`: who draws, instead of the event's own."""
    write_atomically(path, render(event, shown or view(event), drawer).encode())


def rewrite(path: Path, out: Path | None = None) -> Path:
    """Write the standings page of an event's directory anew, there or to `out`, for `marl report`; its path."""
    page = out or path / "standings.html"
    with opened(path, load_registry()) as event:
        write(event, page)
    return page


def render(event: Event, standings: Standings, drawer: Drawer | None = None) -> str:
    """The whole page as HTML text."""
    sections = (
        table_section(standings),
        bracket_section(standings),
        rounds_section(standings),
        crosstable_section(standings),
        matches_section(standings, replays(event, standings.matches, drawer or event.drawer())),
        players_section(standings),
        fairness_section(standings),
    )
    body = f"<main>{heading(standings)}{''.join(sections)}</main>"
    return document(standings.name, "marl tournament", body, own=Path(__file__).parent)


def heading(standings: Standings) -> str:
    """Name, game, state and tiles."""
    s = standings
    word = {"finished": "finished", "running": "being played", "open": "not begun"}[s.state]
    counted = [match for match in s.matches if not match.void]
    faults = sum(line.fault_count for line in s.lines)
    lead = s.lines[0] if s.lines and counted else None
    shared = lead is not None and sum(line.rank == 1 for line in s.lines) > 1
    tiles = [
        tile("Shared first place" if shared else "First place", escape(lead.player) if lead else "–",
             placed(s, lead) if lead else "no match yet"),
        tile("Players", f"{len(s.lines)}"),
        tile("Matches", f"{len(counted):,}", f"{s.void} void, played again" if s.void else "each counted once"),
        tile("Length", exact(sum(m.plies for m in counted) / len(counted), 3) if counted else "–", "moves on average"),
        tile("Faults", f"{faults:,}", "matches that a bot lost by its own doing"),
    ]  # fmt: skip
    return header("marl tournament", s.name, [s.game, s.schedule], word, tiles, done=s.state == "finished")


def placed(standings: Standings, lead: Line) -> str:
    """Why who is first is first."""
    if not standings.order.startswith("points"):
        return escape(f"by {standings.order}")
    return f"{exact(lead.points)} points of {lead.played} matches"
