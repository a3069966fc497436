"""A picture of a chess position, from the notation in which OpenSpiel writes it (Forsyth-Edwards, FEN)."""

from __future__ import annotations

_CELL = 45
_GLYPHS = dict(zip("kqrbnp", "♚♛♜♝♞♟", strict=True))
_BACK = (
    '<pattern id="c" width="90" height="90" patternUnits="userSpaceOnUse"><rect width="90" height="90" fill="#f0e3cc"/>'
    '<path d="M45 0h45v45H45zM0 45h45v45H0z" fill="#b58a63"/></pattern>'
)


def svg(fen: str) -> str:
    """The board with White below; "" for what is no position."""
    ranks = fen.partition(" ")[0].split("/")
    if len(ranks) != 8:
        return ""
    white, black = [], []
    for y, rank in enumerate(ranks):
        x = 0
        for letter in rank:
            if letter.isdigit():
                x += int(letter)
                continue
            glyph = _GLYPHS.get(letter.lower())
            if glyph is None:
                return ""
            (white if letter.isupper() else black).append(
                f'<text x="{x * _CELL + _CELL // 2}" y="{y * _CELL + 37}">{glyph}</text>'
            )
            x += 1
        if x != 8:
            return ""
    size = 8 * _CELL
    font = 'font-size="40" font-family="DejaVu Sans, Segoe UI Symbol, sans-serif" text-anchor="middle"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">{_BACK}'
        f'<rect width="{size}" height="{size}" fill="url(#c)"/><g {font} stroke="#222" stroke-width="1.2">'
        f'<g fill="#fff">{"".join(white)}</g><g fill="#222">{"".join(black)}</g></g></svg>'
    )
