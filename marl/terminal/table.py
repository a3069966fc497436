"""Tables in a terminal: columns side by side, folded where they are too wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from marl.terminal.text import cells, folded, styled

_GAP = 2  # columns between columns
_LEAST = 8  # no column that can be folded gets narrower


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None,
    style: Callable[[int, str], str] = lambda column, text: "",
) -> list[str]:
    """The lines of a table. `width`: of the terminal; None where lines are as long as they get.

    `style` says what a cell looks like. The first column is never folded; headings are bold, and left out where all
    are empty.
    """
    wide = [max(map(cells, column)) for column in zip(headings, *rows, strict=True)]
    if width is not None:
        wide = _fitting(wide, width)
    lines = _lines(headings, wide, ["bold"] * len(wide)) if any(headings) else []
    for row in rows:
        lines += _lines(row, wide, [style(column, text) for column, text in enumerate(row)])
    return lines


def _fitting(wide: list[int], width: int) -> list[int]:
    """The widths of the columns: the widest gives way, until all fit or can give no more."""
    wide = list(wide)
    while sum(wide) + _GAP * (len(wide) - 1) > width and len(wide) > 1 and max(wide[1:]) > _LEAST:
        widest = max(range(1, len(wide)), key=wide.__getitem__)
        wide[widest] -= 1
    return wide


def _lines(row: Sequence[str], wide: Sequence[int], styles: Sequence[str]) -> list[str]:
    parts = [folded(text, room) if place else [text] for place, (text, room) in enumerate(zip(row, wide, strict=True))]
    lines = []
    for number in range(max(map(len, parts))):
        cut = [part[number] if number < len(part) else "" for part in parts]
        shown = [
            styled(text, style) + " " * (room - cells(text))
            for text, room, style in zip(cut, wide, styles, strict=True)
        ]
        lines.append((" " * _GAP).join(shown).rstrip())
    return lines
