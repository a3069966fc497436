"""Who is in a training run: a player for every slice, named by its number."""

from __future__ import annotations

from pathlib import Path

from marl.registry import load_registry
from marl.roster import Roster
from marl.scenario import load_run
from marl.training.history import History


def roster(run: Path) -> Roster:
    """The snapshots of all slices; the newest plays for the run, on the sides that learned."""
    players = {str(done.number): done.snapshot for done in History.read(run).slices}
    newest = list(players)[-1:]
    config = load_run(run, load_registry()).config
    sides = (config.side,) if config.opponents else None
    return Roster(players, tuple(((name, 1.0),) for name in newest), sides)
