"""A rating system, on a field whose order is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from league.checked.ratings import rate
from league.hookspecs import RATINGS
from league.pairing import Result
from league.ratings.rating import Rating
from marl.errors import RunError
from marl.registry import Component, Registry, blamed

_FIELD = ("strong", "fair", "weak")
_RENAMED = {"strong": "a", "fair": "z", "weak": "m"}
_TOLERANCE = 1e-6  # of what is found in steps


def rating(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Of three players it rates the one who mostly wins above the one who mostly loses.

    It rates the same results alike, whatever the players are called, and nobody who has not played.
    """
    results = [
        Result(
            f"{game}.{one}.{other}",
            (_FIELD[one], _FIELD[other]),
            (1.0, 0.0) if game % 5 else (0.0, 1.0),
            round=game + 1,
        )
        for game in range(20)
        for one, other in ((0, 1), (0, 2), (1, 2))
    ]
    system, subject = Component(name, dict(params)), registry.describe(RATINGS, name)
    rated = rate(registry, system, results)
    if missing := [player for player in _FIELD if player not in rated]:
        raise RunError(f"{subject} gave no rating to {missing[0]!r}, who played 40 matches")
    strong, weak = rated["strong"].value, rated["weak"].value
    if not strong > weak:
        raise RunError(f"{subject} rates who wins four of five matches at {strong:g}, and who loses them at {weak:g}")
    _same(subject, rated, rate(registry, system, results), "the second time")
    renamed = [replace(one, players=tuple(_RENAMED[player] for player in one.players)) for one in results]
    called = rate(registry, system, renamed)
    back = {player: called[new] for player, new in _RENAMED.items() if new in called}
    _same(subject, rated, back, "where they are called otherwise")
    _empty(registry, system, subject)
    return ""


def _same(subject: str, rated: Mapping[str, Rating], other: Mapping[str, Rating], when: str) -> None:
    for player, one in rated.items():
        again = other[player].value if player in other else float("nan")
        if not abs(one.value - again) <= _TOLERANCE * max(1.0, abs(one.value)):
            raise RunError(
                f"{subject} rates {player!r} at {one.value:g} and, {when}, at {again:g}: they follow from the results"
            )


def _empty(registry: Registry, system: Component, subject: str) -> None:
    """Whoever asks before anything was played gets no ratings, and no error."""
    made = registry.make(RATINGS, system.name, system.params)
    with blamed(subject, "fit(results) of no results", "an empty dict"):
        given = made.fit([])
    if given:
        raise RunError(f"{subject} rates {min(given)!r}, who has not played")
