"""Text that strangers wrote, made safe to print: what would steer a terminal is shown instead of obeyed."""

from __future__ import annotations


def printable(text: object, lines: bool = False) -> str:
    r"""The text with every character that is not printable written out, as Python writes it: `\x1b`, `\x9b`, `\u202e`.

    That is every control character (C0, DEL and C1), line breaks of all kinds, what changes the direction of text or
    takes no room (bidirectional controls, joiners, tags), spaces other than the usual one, and half a surrogate pair.
    With `lines`, newlines and tabs stay: for text that has lines of its own, such as a traceback.
    """
    kept = "\n\t" if lines else ""
    written = str(text)
    if written.isprintable():
        return written
    return "".join(one if one.isprintable() or one in kept else _written_out(one) for one in written)


def _written_out(character: str) -> str:
    return ascii(character)[1:-1]
