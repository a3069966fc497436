"""Who is in a league, for `marl evaluate` and `marl watch`."""

from __future__ import annotations

from pathlib import Path

from league.ledger.sound import check
from league.reader import open_ledger
from marl.roster import Roster


def roster(run: Path) -> Roster:
    """Every player by its name ("player_0/3"); the newest meta-strategy plays for the league."""
    ledger = open_ledger(run)
    try:
        check(ledger)
        members = [player for _, player in ledger.players()]
        iterations = ledger.iterations()
    finally:
        ledger.close()
    players = {player.name: player.snapshot for player in members}
    on: dict[str, set[int]] = {}  # the sides that a snapshot is a player of
    for player in members:
        on.setdefault(player.snapshot, set()).update(player.sides)
    learned = {player.name: tuple(sorted(on[player.snapshot])) for player in members}
    best = []  # of each population; a single one plays all sides alike
    for side, weights in enumerate(iterations[-1].mixtures if iterations else ()):
        names = [player.name for player in members if side in player.sides]
        best.append(tuple((name, weight) for name, weight in zip(names, weights, strict=False) if weight > 0))
    return Roster(players, tuple(best), learned=learned)
