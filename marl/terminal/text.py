"""Text in a terminal: how wide it is, where it is folded, and in which colour."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator

_STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}
_CODES = re.compile(r"\x1b\[[\d;]*m")


def columns() -> int:
    """The width of the terminal (COLUMNS has the last word), 80 where there is none."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 80
    except (OSError, ValueError):
        return 80


def is_terminal() -> bool:
    """Whether standard output is looked at by a person."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def coloured() -> bool:
    """Whether colours are wanted there; see https://no-color.org."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def styled(text: str, style: str) -> str:
    """The text in a style such as "bold cyan". Whoever prints it takes the codes out where no colours are wanted."""
    if not style or not text:
        return text
    return f"\x1b[{';'.join(str(_STYLES[word]) for word in style.split())}m{text}\x1b[0m"


def plain(text: str) -> str:
    """The text without its styles."""
    return _CODES.sub("", text)


def cells(text: str) -> int:
    """How many columns the text takes: two for a wide character, none for one that joins the last."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def padded(text: str, width: int) -> str:
    """The text with spaces behind it, to this width."""
    return text + " " * (width - cells(text))


def folded(text: str, width: int) -> list[str]:
    """The text in lines of at most this width, folded at spaces, and within words that are wider than that."""
    lines = [""]
    for word in text.split(" "):
        if cells(lines[-1]) + bool(lines[-1]) + cells(word) <= width:
            lines[-1] += " " * bool(lines[-1]) + word
        else:
            lines += _broken(word, max(width, 2))
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _broken(word: str, width: int) -> Iterator[str]:
    piece = ""
    for one in word:
        if piece and cells(piece) + _cells(one) > width:
            yield piece
            piece = ""
        piece += one
    yield piece


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
