"""Who is in a training run: a player for every slice, named by its number."""

from __future__ import annotations

from pathlib import Path

from marl.roster import Roster
from marl.training.history import History


def roster(run: Path) -> Roster:
    """The snapshots of all slices; the newest plays for the run, on every side."""
    players = {str(done.number): done.snapshot for done in History.read(run).slices}
    newest = list(players)[-1:]
    return Roster(players, tuple(((name, 1.0),) for name in newest))
