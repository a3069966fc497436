"""Printing for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from marl.printable import printable

COLOURS = {
    **{"ok": "green", "pass": "green"},
    **{"disabled": "dim", "skip": "dim", "incompatible": "yellow", "warn": "yellow"},
    **{"broken": "bold red", "fail": "bold red"},
}


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, indent=2, default=str))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with coloured states; in a pipe its lines are not cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=10_000)
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        grid.add_column(heading, overflow="fold", no_wrap=position == 0)
    for row in rows:
        grid.add_row(*(Text(printable(cell), style=COLOURS.get(cell, "")) for cell in row))
    console.print(grid)
