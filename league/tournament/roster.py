"""Whose snapshots take part in a tournament, for leagues, `marl evaluate` and `marl watch`."""

from __future__ import annotations

from pathlib import Path

from league.tournament.event import opened
from marl.errors import UserError
from marl.registry import load_registry
from marl.roster import Roster


def roster(run: Path) -> Roster:
    """Every player that is a snapshot, by its name; one with a snapshot for each side is "ann/0", "ann/1".

    Bots and people play in tournaments only, and policies are named as they are. Raises UserError where nobody is a
    snapshot.
    """
    players, learned = dict[str, str](), dict[str, tuple[int, ...]]()
    with opened(run, load_registry()) as event:
        everybody = tuple(range(len(event.spec.sides)))
        for bot in event.roster():
            ids = bot.content.split(",") if bot.kind == "snapshot" else []
            for side, id in enumerate(ids):
                name = bot.name if len(ids) == 1 else f"{bot.name}/{side}"
                players[name], learned[name] = id, everybody if len(ids) == 1 else (side,)
    if not players:
        raise UserError(
            f"no snapshot takes part in {run}: its policies are named as they are, as in marl/random, and bots play in "
            "tournaments only"
        )
    return Roster(players, learned=learned)
