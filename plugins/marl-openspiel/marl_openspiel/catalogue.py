"""The list of games, checked in as `catalogue.txt`, so that listing the plugin does not import OpenSpiel.

`python -m marl_openspiel.catalogue` writes the list anew from the OpenSpiel that is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_FILE = __file__.removesuffix(".py") + ".txt"

UNSUPPORTED = {"crossword": "its actions are structures rather than numbers, and it has no list of legal actions"}


@dataclass(frozen=True)
class Listed:
    """One game: OpenSpiel's short name, a line about it, and tags ("turns", "2 players", ...)."""

    name: str
    summary: str
    tags: tuple[str, ...]


def listed() -> tuple[Listed, ...]:
    """The games of the checked-in list, by name."""
    with open(_FILE, encoding="utf-8") as file:
        lines = (line.rstrip("\n").split("\t") for line in file)
        return tuple(Listed(name, summary, tuple(tags.split(", "))) for name, summary, tags in lines)


def installed() -> Iterator[Listed]:
    """The games that the installed OpenSpiel loads with default parameters, without mean-field games."""
    import pyspiel

    for kind in pyspiel.registered_games():
        mean_field = kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD
        if not kind.default_loadable or mean_field or kind.short_name in UNSUPPORTED:
            continue
        players = pyspiel.load_game(kind.short_name).num_players()
        tags = (
            "simultaneous" if kind.dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS else "turns",
            f"{players} player{'s' if players > 1 else ''}",
            *(_words(value) for value in (kind.utility, kind.information, kind.chance_mode)),
        )
        yield Listed(kind.short_name, kind.long_name, tags)


def _words(value: object) -> str:
    return str(value).rsplit(".", 1)[-1].lower().replace("_", " ").replace("zero sum", "zero-sum")


def text(games: Iterator[Listed]) -> str:
    """The list as it stands in the file."""
    return "".join(f"{game.name}\t{game.summary}\t{', '.join(game.tags)}\n" for game in games)


if __name__ == "__main__":
    from pathlib import Path

    Path(_FILE).write_text(text(installed()), encoding="utf-8")
