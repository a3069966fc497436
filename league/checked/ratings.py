"""Ratings by any system that is installed: an error in it, or a wrong answer, is a sentence that names its plugin."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from league.hookspecs import RATINGS
from league.pairing import Result
from league.ratings.rating import Rating, counted
from marl.errors import RunError
from marl.registry import Component, Registry, blamed, wrong

FIT = "fit(results)"
_RIGHT = "a league.ratings.Rating for each player, by name,"


def rate(registry: Registry, chosen: Component, results: Sequence[Result]) -> dict[str, Rating]:
    """Everybody's rating by the system `chosen`, from the results that count, in the order of their rounds and names.

    Which match ended first is chance, and must not show. Raises UserError where there is no such system, and RunError
    where it fails. Who has no rating is left out.
    """
    played = sorted(counted(results), key=lambda result: (result.round, natural(result.pairing)))
    subject = registry.describe(RATINGS, chosen.name)
    system = registry.make(RATINGS, chosen.name, chosen.params)
    if not played:
        return {}
    with blamed(subject, FIT, _RIGHT.rstrip(",")):
        table = system.fit(played)
    if not isinstance(table, Mapping) or not all(isinstance(rating, Rating) for rating in table.values()):
        raise wrong(subject, FIT, table, _RIGHT.rstrip(","))
    players = {player for result in played for player in result.players}
    for player, rating in table.items():
        if player not in players:
            raise RunError(f"{subject} rated {player!r} in {FIT}, who played no match that counts")
        if not math.isfinite(rating.value) or rating.low > rating.high:
            raise wrong(subject, FIT, {player: rating}, "a finite rating, with low below high (or both NaN),")
    return dict(table)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """What sorts names with numbers in them as people do: "1.9.1" before "1.10.1"."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
