"""What a rating system gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from league.pairing import Result

Z95 = 1.959963984540054
"""Half the width of a 95 % interval, in standard errors."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A player's strength, with its 95 % interval; both ends are NaN where a system states none."""

    value: float
    low: float
    high: float
    games: int

    @classmethod
    def around(cls, value: float, error: float = math.nan, games: int = 0) -> Rating:
        """The normal interval around `value` with the standard error `error`."""
        return cls(float(value), float(value - Z95 * error), float(value + Z95 * error), games)


class RatingSystem(Protocol):
    """Turns results into strengths."""

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating from these results alone; void matches are left out."""


class OnlineRatingSystem(RatingSystem, Protocol):
    """Ratings that change with every match; `fit` is `update` from the beginning, in the order of the results."""

    def update(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating after these results too."""


def counted(results: Iterable[Result]) -> list[Result]:
    """The results that count: those that are not void."""
    return [result for result in results if not result.void]


def games_of(results: Iterable[Result]) -> dict[str, int]:
    """How many games everyone played, in order of first appearance."""
    games: dict[str, int] = {}
    for result in results:
        for player in result.players:
            games[player] = games.get(player, 0) + 1
    return games
