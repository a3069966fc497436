"""Nash averaging: everyone's strength against the maximum-entropy Nash mixture of the whole field.

Copies of a player, and weak opponents to feed on, change nobody's rating. Source: Balduzzi, Tuyls, Perolat, Graepel,
"Re-evaluating evaluation", NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.pairing import Result
from league.ratings.crosstable import crosstable
from league.ratings.davidson import ELO
from league.ratings.max_entropy import max_entropy_nash
from league.ratings.rating import Rating, counted, games_of


@dataclass
class Params:
    """How results become payoffs."""

    smoothing: float = 0.5
    """Wins and losses that are added to every two players' results, so that no odds are infinite."""

    def __post_init__(self) -> None:
        if self.smoothing <= 0:
            raise ValueError(f"smoothing: {self.smoothing} must be positive")


class NashAveraging:
    """Ratings are Elo against `mixture` (players' weights): 0 in its support, below for the others. No intervals."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.smoothing = params.smoothing
        self.mixture: dict[str, float] = {}

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """What everybody earns against the equilibrium of all."""
        played = counted(results)
        games = games_of(played)
        if not games:
            self.mixture = {}
            return {}
        points, met = crosstable(played, tuple(games))
        odds = np.log(points + self.smoothing) - np.log(met - points + self.smoothing)
        weights = max_entropy_nash(odds)
        self.mixture = dict(zip(games, weights.tolist(), strict=True))
        return {
            player: Rating.around(ELO * value, games=games[player])
            for player, value in zip(games, odds @ weights, strict=True)
        }
