"""Printing for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marl.printable import printable
from marl.terminal import text
from marl.terminal.table import table as lines_of

COLOURS = {
    **{"ok": "green", "pass": "green"},
    **{"disabled": "dim", "skip": "dim", "incompatible": "yellow", "warn": "yellow"},
    **{"broken": "bold red", "fail": "bold red"},
}


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    import json

    print(json.dumps(value, indent=2, default=str))


def line(shown: str) -> None:
    """A line on stdout, in colours where they are wanted."""
    print(shown if text.coloured() else text.plain(shown))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with coloured states; in a pipe its lines are not folded."""
    safe = [[printable(cell) for cell in row] for row in rows]
    width = text.columns() if text.is_terminal() else None
    for shown in lines_of(headings, safe, width, lambda _, cell: COLOURS.get(cell, "")):
        line(shown)
