"""Elo: online strengths. Anchored players keep theirs, so that a scale can be shared between events.

Source: Elo, "The rating of chessplayers, past and present", 1978. In a match of more than two sides everyone is
compared with everyone else, and `k` is shared between the comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from league.pairing import Result
from league.ratings.rating import Rating, counted


@dataclass
class Params:
    """The scale, and how fast ratings move."""

    k: float = 20.0
    """The most that one match can move a rating, times one less the expected score."""
    initial: float = 1500.0
    """A newcomer's rating."""
    anchors: dict[str, float] = field(default_factory=dict)
    """Players whose rating is known and does not move."""

    def __post_init__(self) -> None:
        if self.k <= 0:
            raise ValueError(f"k: {self.k} must be positive")


class Elo:
    """States no intervals: an Elo rating does not know how sure it is."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.k, self.initial, self.anchors = params.k, params.initial, dict(params.anchors or {})
        self.ratings: dict[str, float] = {}
        self.games: dict[str, int] = {}

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating when the results come one after another."""
        self.ratings, self.games = {}, {}
        return self.update(results)

    def update(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating after these results too."""
        for result in counted(results):
            before = [self.rating(player) for player in result.players]
            for i, player in enumerate(result.players):
                self.games[player] = self.games.get(player, 0) + 1
                gain = sum(
                    _score(result.scores, i, j) - expected_score(before[i] - before[j])
                    for j in range(len(before))
                    if j != i
                )
                moved = before[i] + self.k * gain / (len(before) - 1)
                self.ratings[player] = self.anchors.get(player, moved)
        return {player: Rating.around(value, games=self.games[player]) for player, value in self.ratings.items()}

    def rating(self, player: str) -> float:
        """A player's rating now."""
        return self.anchors.get(player, self.ratings.get(player, self.initial))


def expected_score(difference: float) -> float:
    """The mean score of who is `difference` Elo stronger."""
    return 1.0 / float(1.0 + 10.0 ** (-difference / 400.0))


def _score(scores: Sequence[float], i: int, j: int) -> float:
    if len(scores) == 2:
        return scores[i]
    return (scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j])
