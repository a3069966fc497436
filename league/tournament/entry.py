"""Who wants to take part: a player, named as everywhere (`marl.run.players`). `NAME=` in front renames it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from marl.errors import UserError
from marl.run.players import meaning
from marl.scenario import FILE

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")


@dataclass(frozen=True)
class Entry:
    """What was asked for. `scheme`: policy, snapshot (or a run), person, or files. `name`: "" where none was given."""

    scheme: str
    what: str
    name: str = ""


def parse(text: str) -> Entry:
    """Read what somebody wrote. Raises UserError."""
    head, equals, tail = text.partition("=")
    name, what = (head, tail) if equals and not set("/: ") & set(head) else ("", text)
    if name:
        check_name(name)
    match meaning(what):
        case "person":
            person = what.partition(":")[2]
            if not person:
                raise UserError(f"{text!r} names nobody; as in person:ann")
            return Entry("person", person, name)
        case "bot":
            return Entry("files", what, name)
        case "run" if Path(what).is_dir() and not (Path(what) / FILE).is_file():
            return Entry("files", what, name)  # a folder that is neither: as a bot it lacks more
        case "run" | "snapshot":
            return Entry("snapshot", what, name)
        case _:
            return Entry("policy", what, name)


def check_name(name: str) -> str:
    """A name that may stand in files, tables and commands. Raises UserError for another."""
    if not NAME.match(name):
        raise UserError(
            f"the name {name!r} will not do: up to 64 letters, digits, '_', '-', '+' and '.', the first of them a "
            "letter or a digit"
        )
    return name
