"""A league's tables for a terminal of any width: what does not fit is left out, and said, never cut in the middle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from league.player import Player
from league.view import LeagueView
from marl.printable import printable
from marl.words import uncertain

GAP = 2  # between columns


def payoff_table(view: LeagueView, last: int, width: int) -> tuple[str, Table, str]:
    """The first side's returns, the newest players against each other: a headline, the table, and a note or ""."""
    mine, theirs = view.payoffs.by_side(view.populations)
    means, margins = view.payoffs[0], view.payoffs.margin[0]
    rows = range(max(len(mine) - last, 0), len(mine))
    wanted = range(max(len(theirs) - last, 0), len(theirs))
    cells = {(i, j): cell(float(means[i, j]), float(margins[i, j])) for i in rows for j in wanted}
    names = [printable(mine[i].name) for i in rows]
    widest = max(map(len, [*cells.values(), str(len(theirs))]), default=1)
    room = (width - max(map(len, names), default=0) - GAP) // (widest + GAP)
    columns = wanted[max(len(wanted) - max(room, 1), 0) :]
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    table.add_column("", no_wrap=True)
    for j in columns:
        table.add_column(f"/{j}", justify="right", no_wrap=True)
    for i, name in zip(rows, names, strict=True):
        table.add_row(Text(name), *(cells[i, j] for j in columns))
    sides = [printable(side) for side in view.sides]
    sampled = ", ± half the 95 % interval" if view.payoffs.sampled else ""
    whose = (
        "the row against the column" if view.payoffs.symmetric else f"{sides[0]} (rows) against {sides[1]} (columns)"
    )
    head = f"mean return of {whose}{sampled}"
    left_out = f"{len(columns)} of {len(theirs)} columns fit" if len(columns) < len(wanted) else ""
    older = f"the newest {len(rows)} of {len(mine)} rows" if len(rows) < len(mine) else ""
    told = ", ".join(part for part in (older, left_out) if part)
    return head, table, f"{told}; all are in --json" if told else ""


def cell(mean: float, margin: float) -> str:
    """A mean and its margin; a dash where nothing was played."""
    if np.isnan(mean):
        return "–"
    if margin == 0:
        return f"{mean:+.3f}"
    return f"{mean:+.2f}±{margin:.2f}" if np.isfinite(margin) else f"{mean:+.2f}±?"


def value_at(params: Mapping[str, Any], name: str) -> Any:
    """A setting by its name; a dot leads into a group of them. None where there is none."""
    found: Any = params
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def players_table(
    players: tuple[Player, ...], width: int, settings: Mapping[str, Mapping[str, Any]] = {}
) -> tuple[Table, str]:
    """Who was trained when, from whom and against whom: the table, and a note on what does not fit, or "".

    `settings`: columns instead of the last two, of values by name.
    """
    told = any(player.lineage not in ("", player.population) for player in players)
    warm, met = any(player.parent for player in players), any(player.opponents for player in players)
    columns = {"player": [printable(one.name) for one in players], "born": [str(one.born) for one in players]}
    columns["role"] = [printable(one.role) + _left(one) for one in players]
    if told:
        columns["learner"] = [printable(one.lineage or "–") for one in players]
    if warm:
        columns["parent"] = [printable(one.parent or "–") for one in players]
    for name, values in settings.items():
        columns[name] = [_setting(values.get(one.name)) for one in players]
    if not settings:
        columns["snapshot"] = [one.snapshot[:12] for one in players]
    taken = sum(GAP + max(map(len, [name, *cells])) for name, cells in columns.items())
    asked, fits = not settings and (met or not warm), width - taken >= _ROOM
    if asked and fits:
        columns[_AGAINST] = [_against(one) for one in players]
    if taken - GAP > width:
        columns.pop("snapshot", None)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for name in columns:
        folds = name == _AGAINST
        table.add_column(name, justify="right" if name == "born" or name in settings else "left", no_wrap=not folds)
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, cells))
    return table, "not all columns fit; --json has everything" if asked and not fits else ""


_AGAINST, _ROOM = "trained against", 24  # a column, and how wide it is at least


def _against(player: Player) -> str:
    more = f" and {len(player.opponents) - 3} more" if len(player.opponents) > 3 else ""
    return ", ".join(map(printable, player.opponents[:3])) + more


def _left(player: Player) -> str:
    return f", left in {player.retired}" if player.retired is not None else ""


def _setting(value: Any) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else printable(str(value))


def mixture_table(view: LeagueView) -> Table:
    """Each population's players, what it earns, and the five heaviest of its mixture."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for column, folds in (
        ("population" if view.payoffs.symmetric else "side", False),
        ("players", False),
        ("value", False),
        ("mixture, heaviest first", True),
    ):
        table.add_column(column, no_wrap=not folds)
    last = view.iterations[-1] if view.iterations else None
    for side, name in enumerate(view.names):
        worth = uncertain(*last.worth[side]) if last else "–"
        pairs = zip(view.populations[side], last.mixtures[side] if last else (), strict=False)
        weighed = sorted(((weight, player.name) for player, weight in pairs if weight > 0), key=lambda pair: -pair[0])
        heaviest = "  ".join(f"{printable(name)}\N{NO-BREAK SPACE}{weight:.1%}" for weight, name in weighed[:5])
        table.add_row(*map(Text, (printable(name), str(len(view.populations[side])), worth, heaviest)))
    return table
