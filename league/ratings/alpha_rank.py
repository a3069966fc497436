"""Alpha-rank of a field: how often an evolving population would play each player. For fields with cycles.

Where A beats B beats C beats A, no strengths exist; the population goes round, and all three keep a share. See
`league.ratings.evolution`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.pairing import Result
from league.ratings.crosstable import crosstable
from league.ratings.evolution import Params, strategy_masses
from league.ratings.rating import Rating, counted, games_of

__all__ = ["AlphaRank", "Params"]


class AlphaRank:
    """Ratings are shares that sum to 1, without intervals. Players that never met count as equal."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.alpha, self.population = params.alpha, params.population

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """The mass of everybody in the stationary distribution."""
        played = counted(results)
        games = games_of(played)
        if not games:
            return {}
        points, met = crosstable(played, tuple(games))
        score = np.where(met > 0, points / np.maximum(met, 1.0), 0.5)
        masses = strategy_masses(score, self.alpha, self.population)
        return {player: Rating.around(mass, games=games[player]) for player, mass in zip(games, masses, strict=True)}
