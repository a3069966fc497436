"""Errors that are sentences for a person."""

from __future__ import annotations

from collections.abc import Iterable

from marl.mask import mask


class _Sentence(Exception):
    """An error whose text never shows the password of an address."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(mask(sentence))


class UserError(_Sentence):
    """The user's input is wrong: what, where, and what would be right. Commands print it and exit with 2."""


class RunError(_Sentence):
    """The run failed through no fault of its input. Commands print it and exit with 1."""


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"`, or `"; known: a, b, c"` where nothing comes close, or `""` where nothing is known."""
    from difflib import get_close_matches  # only where something was mistyped

    names = sorted(set(known))
    close = get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"; known: {shown}"
