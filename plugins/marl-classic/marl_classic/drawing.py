"""Small SVG pictures for replays."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

BLUE, RED, YELLOW, INK, PAPER = "#2f6db5", "#d64545", "#f2c230", "#222222", "#fafaf5"
CELL = 40


def svg(width: float, height: float, parts: Iterable[str]) -> str:
    """An SVG document of this size (pixels) on a light ground."""
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}"><rect width="100%" height="100%" fill="{PAPER}"/>{body}</svg>'
    )


def text(x: float, y: float, words: str, size: int = 16, colour: str = INK, anchor: str = "middle") -> str:
    """Words whose middle (or start) is at `x`, on the baseline `y`."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def rect(x: float, y: float, width: float, height: float, fill: str, radius: float = 0) -> str:
    """A filled rectangle with a thin line around it."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}" '
        f'stroke="{INK}" stroke-width="1"/>'
    )


def disc(column: float, row: float, fill: str) -> str:
    """A filled circle in the middle of a cell."""
    x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
    return f'<circle cx="{x:g}" cy="{y:g}" r="{0.4 * CELL:g}" fill="{fill}" stroke="{INK}" stroke-width="1"/>'


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
