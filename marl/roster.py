"""Rosters: who is in a run directory. Each kind of run says it of itself, through the hook `marl_rosters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Mixture = tuple[tuple[str, float], ...]  # (player's name, probability)


@dataclass(frozen=True)
class Roster:
    """The players of a run. `players`: snapshot id by name, the newest last. `best`: who plays for the run as a whole.

    `best` has a mixture over names for each side, or one entry for all sides alike. `sides`: those that it (and whoever
    is not in `learned`) learned to play, or None for all. `learned`: the same of single players.
    """

    players: Mapping[str, str] = field(default_factory=dict)
    best: tuple[Mixture, ...] = ()
    sides: tuple[int, ...] | None = None
    learned: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
