"""The standings in a terminal: the table, and who beat whom."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from league.tournament.standings.view import Line, Standings
from marl.printable import printable
from marl.words import MISSING

WIDEST = 14  # players in a crosstable
SOFT = "grey58"


def show(standings: Standings, console: Console) -> None:
    """Print the standings."""
    s = standings
    count = sum(not match.void for match in s.matches)
    void = f", {s.void} void" if s.void else ""
    console.print(Text.assemble((printable(s.name), "bold"), (f"  {s.game}  {s.schedule}  {s.state}", SOFT)))
    console.print(Text(f"{len(s.lines)} players, {count} match{'es' if count != 1 else ''}{void}\n", SOFT))
    console.print(table(s))
    if s.sides == 2 and 2 <= len(s.lines) <= WIDEST and s.meetings:
        console.print()
        console.print(crosstable(s))
    rated = any(line.rating for line in s.lines)
    if rated:
        note = "rating: Bradley-Terry on the Elo scale, with 95 % intervals; overlapping intervals decide nothing"
        console.print(Text(f"\n{note}", SOFT), soft_wrap=True)


def table(standings: Standings) -> Table:
    """Everybody, best first."""
    grid = Table(box=None, header_style=SOFT, padding=(0, 2, 0, 0))
    for name in ("", "player", "points", "played", "w-d-l", "rating", "95 %", "faults"):
        grid.add_column(name, justify="left" if name in ("player", "faults") else "right", no_wrap=name != "faults")
    for line in standings.lines:
        rating, interval = rated(line)
        record = f"{line.wins}-{line.draws}-{line.losses}"
        grid.add_row(
            str(line.rank), Text(printable(line.player), "bold"), f"{line.points:g}", str(line.played), record,
            rating, Text(interval, SOFT), Text(faults(line), "dark_orange"),
        )  # fmt: skip
    return grid


def rated(line: Line) -> tuple[str, str]:
    """A rating and its interval, as text."""
    if line.rating is None:
        return MISSING, ""
    low, high = line.rating.low, line.rating.high
    return f"{line.rating.value:.0f}", f"{low:.0f} … {high:.0f}" if low == low else ""


def faults(line: Line) -> str:
    """What it lost by its own doing: "2 timeout, 1 crash"."""
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(line.faults.items()))


def crosstable(standings: Standings) -> Table:
    """Points of the player on the left against the one of that number, of the matches they played."""
    grid = Table(box=None, header_style=SOFT, padding=(0, 2, 0, 0))
    names = [line.player for line in standings.lines]
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True)
    for number in range(1, len(names) + 1):
        grid.add_column(str(number), justify="right", no_wrap=True)
    for number, one in enumerate(names, 1):
        cells = [Text(str(number), SOFT), Text(printable(one), "bold")]
        for two in names:
            met = standings.meetings.get((one, two))
            if met is None:
                cells.append(Text("·" if one != two else "", SOFT))
            else:
                cells.append(Text.assemble(f"{met.points:g}", (f"/{met.played}", SOFT)))
        grid.add_row(*cells)
    return grid


def as_json(standings: Standings) -> str:
    """The same for machines."""
    lines = [_line(line) for line in standings.lines]
    meetings = [
        {"player": one, "against": two, "points": met.points, "played": met.played}
        for (one, two), met in standings.meetings.items()
    ]
    fields = {"name": standings.name, "game": standings.game, "schedule": standings.schedule, "state": standings.state}
    return json.dumps({**fields, "void": standings.void, "players": lines, "meetings": meetings})


def _line(line: Line) -> dict[str, Any]:
    rating = line.rating
    known = rating is not None and rating.low == rating.low
    return {
        "rank": line.rank, "player": line.player, "kind": line.bot.kind, "author": line.bot.author,
        "version": line.bot.version, "points": line.points, "played": line.played, "won": line.wins,
        "drawn": line.draws, "lost": line.losses, "rating": rating.value if rating else None,
        "interval": [rating.low, rating.high] if rating and known else None, "faults": dict(line.faults),
    }  # fmt: skip
