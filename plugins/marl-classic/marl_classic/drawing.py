"""Boards and cards for replays."""

from __future__ import annotations

from collections.abc import Iterable

from marl.games.drawing import BLUE, circle, rect, svg, text

CELL = 40


def disc(column: float, row: float, fill: str) -> str:
    """A filled circle in the middle of a cell."""
    return circle((column + 0.5) * CELL, (row + 0.5) * CELL, 0.4 * CELL, fill)


def table(title: str, cards: dict[str, str], lines: Iterable[str]) -> str:
    """A card table: a title, a card under each name (an empty string is a card face down), and lines of text."""
    lines = list(lines)
    parts = [text(12, 24, title, 16, anchor="start")]
    for i, (owner, face) in enumerate(cards.items()):
        x = 12 + 90 * i
        parts.append(rect(x, 56, 56, 76, "white" if face else BLUE, 6))
        parts.append(text(x + 28, 104, face, 28))
        parts.append(text(x, 48, owner, 12, anchor="start"))
    parts += [text(12, 160 + 20 * i, line, 13, anchor="start") for i, line in enumerate(lines)]
    return svg(max(90 * len(cards), 300), 160 + 20 * len(lines), parts)
