"""What pictures of games are drawn with: small SVG, for `render` and so for replays and `marl watch`. In pixels."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, PAPER, GREY = "#222222", "#fafaf5", "#b8b8b8"
BLUE, RED, YELLOW = "#2f6db5", "#d64545", "#f2c230"
AGENTS = (BLUE, RED, "#3f9d5a", "#8e5bb5", "#d98324", "#2aa1a1", "#a0527a", "#6b6b2f", "#555555")


def svg(width: float, height: float, parts: Iterable[str], ground: str = PAPER) -> str:
    """An SVG document of this size on a ground of this colour."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}"><rect width="100%" height="100%" fill="{ground}"/>{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, size: int, colour: str = INK, anchor: str = "middle") -> str:
    """Words whose middle (or start) is at `x`, on the baseline `y`."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def rect(x: float, y: float, width: float, height: float, fill: str, radius: float = 0, line: str = INK) -> str:
    """A filled rectangle with a thin line around it."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}" '
        f'stroke="{line}" stroke-width="1"/>'
    )


def circle(x: float, y: float, radius: float, fill: str) -> str:
    """A filled circle with a thin line around it."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{INK}" stroke-width="1"/>'


def polygon(points: Iterable[tuple[float, float]], fill: str) -> str:
    """A filled polygon with a thin line around it."""
    corners = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{corners}" fill="{fill}" stroke="{INK}" stroke-width="1"/>'
