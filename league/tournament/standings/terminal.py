"""The standings in a terminal: the table, and who beat whom."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from league.tournament.standings.view import Line, Standings
from marl.printable import printable
from marl.words import MISSING, clipped

WIDEST = 14  # players in a crosstable
NAME = 12  # characters of a name that are shown whatever the width
RANK, GAP = 3, 2  # characters: of the ranks, and between columns
SOFT = "grey58"


def show(standings: Standings, console: Console) -> None:
    """Print the standings."""
    s = standings
    count = sum(not match.void for match in s.matches)
    void = f", {s.void} void" if s.void else ""
    console.print(Text.assemble((printable(s.name), "bold"), (f"  {s.game}  {s.schedule}  {s.state}", SOFT)))
    console.print(Text(f"{len(s.lines)} players, {count} match{'es' if count != 1 else ''}{void}\n", SOFT))
    shown, left_out = table(s, console.width)
    console.print(shown)
    if left_out:
        console.print(Text(f"for want of width without {', '.join(left_out)}: see the page, or --json", SOFT))
    for line in s.lines:
        if line.left is not None:
            console.print(Text(printable(f"{line.player} {line.left}"), "dark_orange"), soft_wrap=True)
    if s.sides == 2 and 2 <= len(s.lines) <= WIDEST and s.meetings:
        console.print()
        against, columns = crosstable(s, console.width)
        console.print(against)
        if columns < len(s.lines):
            console.print(Text(f"{columns} of {len(s.lines)} columns fit; all are on the page, and in --json", SOFT))
    if s.facts:
        console.print()
        console.print(facts(s))
    if said := notes(s):
        console.print(Text(f"\n{said}", SOFT), soft_wrap=True)
    if s.warning:
        console.print(Text(f"\nwarning: {printable(s.warning)}", "dark_orange"), soft_wrap=True)


def notes(standings: Standings) -> str:
    """What the columns mean, a line each."""
    s = standings
    found = [f"order: {s.order}"] if s.order not in ("", "points") else []
    if s.scoring == "return":
        found.append("points: what the game paid, 0 for the least and 1 for the most that it can pay")
    if any(line.unplayed for line in s.lines):
        found.append("unplayed: points that came without a match (byes, and matches that stayed void)")
    if any(line.rating for line in s.lines):
        intervals = any(line.rating and math.isfinite(line.rating.low) for line in s.lines)
        more = "; where 95 % intervals overlap, the order may be chance" if intervals else ""
        found.append(f"rating: {s.rating}, {s.rating_says}{more}")
    return "\n".join(found)


def facts(standings: Standings) -> Table:
    """What the schedule has to say beside the table."""
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style=SOFT)
    grid.add_column()
    for fact in standings.facts:
        grid.add_row(printable(fact.name), Text(printable(fact.text)))
    return grid


def table(standings: Standings, width: int) -> tuple[Table, list[str]]:
    """Everybody, best first, in `width` characters; and the columns that there is no room for.

    Numbers are whole or not there: long names lose their middle first, then columns go, those that say least first.
    """
    columns, names = cells(standings), [printable(line.player) for line in standings.lines]
    left_out: list[str] = []
    for name in ("", *_spare(standings)):
        if name in columns:
            del columns[name]
            left_out.append(name)
        room = width - RANK - GAP - GAP - sum(_width(other, texts) + GAP for other, texts in columns.items())
        if room >= min(NAME, max(map(cell_len, names), default=0)):
            break
    grid = Table(box=None, header_style=SOFT, padding=(0, GAP, 0, 0))
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("player", no_wrap=True)
    for name in columns:
        grid.add_column(name, justify="left" if name == "faults" else "right", no_wrap=name != "faults")
    players = [Text(clipped(name, max(room, NAME)), "bold") for name in names]
    ranks = [str(line.rank) for line in standings.lines]
    for row in zip(ranks, players, *columns.values(), strict=True):
        grid.add_row(*row)
    return grid, left_out


def cells(standings: Standings) -> dict[str, list[str | Text]]:
    """The columns beside rank and player, without those that have nothing to say here."""
    lines = standings.lines
    columns: dict[str, list[str | Text]] = {"points": [short(line.points) for line in lines]}
    if any(line.unplayed for line in lines):
        columns["unplayed"] = [f"{line.unplayed:+g}" if line.unplayed else "" for line in lines]
    for place, (name, _) in enumerate(lines[0].tiebreaks if lines else ()):
        columns[name] = [short(line.tiebreaks[place][1]) for line in lines]
    columns["played"] = [str(line.played) for line in lines]
    columns["w-d-l"] = [f"{line.wins}-{line.draws}-{line.losses}" for line in lines]
    if standings.pays:
        columns["return"] = [MISSING if line.earned is None else f"{line.earned:+.3g}" for line in lines]
    both = [rated(line) for line in lines]
    columns["rating"] = [rating for rating, _ in both]
    if any(interval for _, interval in both):
        columns["95 %"] = [Text(interval, SOFT) for _, interval in both]
    if any(line.faults for line in lines):
        columns["faults"] = [Text(faults(line), "dark_orange") for line in lines]
    return columns


def short(value: float) -> str:
    """A number in few digits: whole ones whole, others with two digits behind the point at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def rated(line: Line) -> tuple[str, str]:
    """A rating and its interval, as text: whole numbers, or four digits on scales of a few points."""
    if line.rating is None:
        return MISSING, ""
    value, low, high = line.rating.value, line.rating.low, line.rating.high
    form = ".0f" if abs(value) >= 100 else ".4g"
    return f"{value:{form}}", f"{low:{form}} … {high:{form}}" if math.isfinite(low) else ""


def faults(line: Line) -> str:
    """What it lost by its own doing: "2 timeout, 1 crash"."""
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(line.faults.items()))


def crosstable(standings: Standings, width: int) -> tuple[Table, int]:
    """Points of the player on the left against the one of that number, of the matches they played; and how many
    columns there is room for in `width` characters.
    """
    names = [line.player for line in standings.lines]
    rows = [[_met(standings, one, two) for two in names] for one in names]
    widest = max(cell_len(cell.plain) for row in rows for cell in row)
    longest = max(cell_len(printable(name)) for name in names)
    rest = width - RANK - GAP - (min(NAME, longest) + GAP)
    columns = max(min(rest // (widest + GAP), len(names)), 1)
    room = max(width - RANK - GAP - columns * (widest + GAP) - GAP, NAME)
    grid = Table(box=None, header_style=SOFT, padding=(0, GAP, 0, 0))
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True)
    for number in range(1, columns + 1):
        grid.add_column(str(number), justify="right", no_wrap=True)
    for number, (one, row) in enumerate(zip(names, rows, strict=True), 1):
        grid.add_row(Text(str(number), SOFT), Text(clipped(printable(one), room), "bold"), *row[:columns])
    return grid, columns


def _met(standings: Standings, one: str, two: str) -> Text:
    """A cell of the crosstable."""
    met = standings.meetings.get((one, two))
    if met is None:
        return Text("·" if one != two else "", SOFT)
    return Text.assemble(f"{met.points:g}", (f"/{met.played}", SOFT))


def _spare(standings: Standings) -> list[str]:
    """The columns that go first where there is no room for all."""
    ties = [name for name, _ in standings.lines[0].tiebreaks] if standings.lines else []
    return ["unplayed", *reversed(ties), "return", "95 %", "w-d-l", "faults"]


def _width(name: str, texts: Sequence[str | Text]) -> int:
    """How many characters a column takes; faults may go on in a new line."""
    plain = [str(text) for text in texts]
    parts = [word for text in plain for word in text.split()] if name == "faults" else plain
    return max(map(cell_len, (name, *parts)), default=0)


def as_json(standings: Standings) -> str:
    """The same for machines."""
    lines = [_line(line) for line in standings.lines]
    meetings = [
        {"player": one, "against": two, "points": met.points, "played": met.played}
        for (one, two), met in standings.meetings.items()
    ]
    s = standings
    fields = {
        "name": s.name, "game": s.game, "schedule": s.schedule, "state": s.state, "scoring": s.scoring,
        "order": s.order, "rating": s.rating, "facts": {fact.name: fact.value for fact in s.facts},
        "warning": s.warning, "void": s.void, "players": lines, "meetings": meetings,
    }  # fmt: skip
    return json.dumps(fields)


def _line(line: Line) -> dict[str, Any]:
    rating = line.rating
    known = rating is not None and rating.low == rating.low
    return {
        "rank": line.rank, "player": line.player, "kind": line.bot.kind, "author": line.bot.author,
        "version": line.bot.version, "points": line.points, "played": line.played, "won": line.wins,
        "drawn": line.draws, "lost": line.losses, "rating": rating.value if rating else None,
        "return": line.earned, "unplayed": line.unplayed, "tiebreaks": dict(line.tiebreaks),
        "interval": [rating.low, rating.high] if rating and known else None, "faults": dict(line.faults),
        "left": str(line.left) if line.left else None,
    }  # fmt: skip
