"""Gauntlet: one or several challengers meet everyone else, but not each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from league.schedules.field import checked
from league.schedules.listed import Listed, pairings_of
from league.schedules.round_robin import apart
from marl.errors import UserError, suggestion
from marl.registry.ranges import at_least


@dataclass
class Params:
    """Who runs the gauntlet, and how often."""

    challengers: list[str] = field(default_factory=list)
    """The challengers' names; if empty, the first player."""
    games: int = 0
    """Games of a meeting; 0: one for each side, so that everyone has every seat once, with the same chance seed."""
    cycles: int = 1
    """How often a challenger meets everyone else (with more than two sides: every combination of them)."""

    def __post_init__(self) -> None:
        at_least(self, 0, "games")
        at_least(self, 1, "cycles")


class Gauntlet(Listed):
    """Every meeting can be played at any time."""

    def __init__(self, players: Sequence[str], params: Params | None = None, *, sides: int = 2, seed: int = 0) -> None:
        params = params or Params()
        everyone = checked(players, sides)
        chosen = tuple(params.challengers) or everyone[:1]
        for name in chosen:
            if name not in everyone:
                raise UserError(f"challengers: {name!r} is not a player of this event{suggestion(name, everyone)}")
        rest = [name for name in everyone if name not in chosen]
        if len(rest) < sides - 1:
            raise UserError(f"{len(rest)} players remain to be challenged, and the game needs {sides - 1} or more")
        meetings = [(name, *others) for others in combinations(rest, sides - 1) for name in chosen]
        super().__init__(everyone, pairings_of(apart(meetings) * params.cycles, params.games or sides))
