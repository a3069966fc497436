"""Who wants to take part: `FOLDER`, `ARCHIVE`, `policy:PLUGIN/NAME`, `snapshot:RUN[:PLAYER]` or `person:NAME`.

`NAME=` in front of it gives it a name of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from marl.errors import UserError, suggestion

SCHEMES = ("policy", "snapshot", "person")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")


@dataclass(frozen=True)
class Entry:
    """What was asked for. `scheme`: one of SCHEMES, or "files". `name`: "" where none was given."""

    scheme: str
    what: str
    name: str = ""


def parse(text: str) -> Entry:
    """Read what somebody wrote. Raises UserError."""
    head, equals, tail = text.partition("=")
    name, what = (head, tail) if equals and "/" not in head and ":" not in head else ("", text)
    if name:
        check_name(name)
    scheme, colon, rest = what.partition(":")
    if not colon or "/" in scheme or "." in scheme:
        return Entry("files", what, name)
    if scheme not in SCHEMES:
        raise UserError(f"{text!r}: nobody is called {scheme!r}{suggestion(scheme, SCHEMES)}")
    if not rest:
        example = {"policy": "policy:marl/random", "snapshot": "snapshot:runs/NAME", "person": "person:ann"}[scheme]
        raise UserError(f"{text!r} names no {scheme}; as in {example}")
    return Entry(scheme, rest, name)


def check_name(name: str) -> str:
    """A name that may stand in files, tables and commands. Raises UserError for another."""
    if not NAME.match(name):
        raise UserError(
            f"the name {name!r} will not do: up to 64 letters, digits, '_', '-', '+' and '.', the first of them a "
            "letter or a digit"
        )
    return name
