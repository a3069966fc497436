"""What every schedule asks of its players and games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marl.errors import UserError


def checked(players: Sequence[str], sides: int, least: int | None = None) -> tuple[str, ...]:
    """The players as a tuple. Raises UserError for a name that comes twice, or fewer than `least` (else `sides`)."""
    field = tuple(players)
    if sides < 2:
        raise UserError(f"a tournament needs a game of two sides or more, and this one has {sides}")
    if twice := sorted({name for name in field if field.count(name) > 1}):
        raise UserError(f"the player {twice[0]!r} is entered twice; every player of an event has a name of its own")
    if len(field) < (least or sides):
        raise UserError(f"there are {len(field)} players, and this schedule needs {least or sides} or more")
    return field


def present(players: Sequence[str], presence: Mapping[str, tuple[int, int]] | None, round: int) -> tuple[str, ...]:
    """Who takes part in a round (from 1), where some came late or left."""
    spans = presence or {}
    return tuple(player for player in players if player not in spans or spans[player][0] <= round <= spans[player][1])


def two_sided(sides: int, schedule: str) -> None:
    """Raise UserError where a schedule is for games of two sides, and this game has more."""
    if sides != 2:
        raise UserError(
            f"the schedule {schedule} is for games of two sides, and this game has {sides}; "
            "league/round_robin, league/swiss, league/groups and league/ladder can do more"
        )
