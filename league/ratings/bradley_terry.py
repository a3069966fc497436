"""Bradley-Terry strengths with draws: maximum likelihood over all results, with 95 % intervals.

A difference of ratings says what SPRT and every Elo calculator say: the expected score is `1 / (1 + 10^(-D/400))`, a
draw counting half. Beneath it are Davidson's three outcomes with a draw parameter of the whole event (see
`league.ratings.davidson`), whose prior is one draw and one decided game between equals. So draws are evidence that
players are close: after 1,000 of them the interval is a few Elo, not hundreds.

Maximum likelihood on strengths, the draw parameter and the advantage of the first seat together. Strengths are centred
(their mean is fixed), and intervals come from the inverse of the information matrix in that frame, so that they are
about the field's mean.

Whoever won or lost everything would go to infinity, so strengths have a weak normal prior around the field's mean
(`prior`, in Elo); it moves nobody else by more than a fraction of the interval. A match of more than two sides counts
as comparisons of all its players; these are not independent, so there the intervals are the robust ones ("sandwich":
Huber 1967; White 1982; the composite likelihood of Varin, Reid and Firth 2011), clustered by match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.pairing import Result
from league.ratings.comparisons import Comparisons, compare
from league.ratings.davidson import ELO, Fit, fit, outcomes
from league.ratings.rating import Rating, counted, games_of
from marl.types import Floats


@dataclass
class Params:
    """The scale, and what is estimated beside strengths."""

    mean: float = 1500.0
    """The field's mean, in Elo (400 Elo are odds of 10 to 1)."""
    seats: bool = True
    """Whether to estimate the advantage of the first of two seats."""
    prior: float = 1000.0
    """The standard deviation of the weak prior, in Elo."""

    def __post_init__(self) -> None:
        if self.prior <= 0:
            raise ValueError(f"prior: {self.prior} must be positive")


class BradleyTerry:
    """`difference` compares two players of the last fit; `advantage` and `draws` are its other parameters."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.mean, self.seats, self.prior = params.mean, params.seats, params.prior
        self.players: tuple[str, ...] = ()
        self.strengths: Floats = np.zeros(0)
        self.covariance: Floats = np.zeros((0, 0))
        self.advantage = Rating.around(0.0)
        self.draws = 0.0

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """The strengths under which these results are most likely, with their intervals."""
        played = counted(results)
        games = games_of(played)
        self.players = tuple(games)
        if not played:
            return {}
        data = compare(played, self.players)
        seats = self.seats and data.sides == 2
        found = fit(data.first, data.second, data.counts[None], len(self.players), self.prior / ELO, seats)
        covariance = found.covariance[0] if data.sides == 2 else _robust(data, found, played, self.players)
        n = len(self.players)
        centre = np.eye(n) - 1.0 / n
        self.strengths = self.mean + ELO * (found.strengths[0] - found.strengths[0].mean())
        self.covariance = ELO**2 * centre @ covariance[:n, :n] @ centre
        self.draws = float(np.exp(found.log_nu[0]))
        if seats:
            self.advantage = Rating.around(ELO * found.advantage[0], ELO * covariance[-1, -1] ** 0.5, len(played))
        errors = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return {
            player: Rating.around(value, error, games[player])
            for player, value, error in zip(self.players, self.strengths, errors, strict=True)
        }

    def difference(self, one: str, two: str) -> Rating:
        """By how much `one` is stronger than `two`, with the interval of the difference itself, in Elo."""
        i, j = self.players.index(one), self.players.index(two)
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return Rating.around(self.strengths[i] - self.strengths[j], max(variance, 0.0) ** 0.5)


def _robust(data: Comparisons, found: Fit, played: Sequence[Result], players: Sequence[str]) -> Floats:
    """The sandwich `H^-1 (sum_m g_m g_m^T) H^-1`, with one gradient `g_m` per match."""
    inverse = found.covariance[0]
    gradients = np.zeros((len(played), inverse.shape[0]))
    d = found.strengths[0][data.rows_first] - found.strengths[0][data.rows_second]
    model = outcomes(d, found.log_nu[0])
    draw = model.probability[:, 1]
    surplus = data.rows_score - model.expected
    slope = surplus * model.slope
    np.add.at(gradients, (data.rows_match, data.rows_first), slope)
    np.add.at(gradients, (data.rows_match, data.rows_second), -slope)
    of_draws = (data.rows_score == 0.5) - draw + surplus * (model.expected - 0.5) * draw / model.variance
    gradients[:, len(players)] = np.bincount(data.rows_match, of_draws, len(played))
    small = len(played) / max(len(played) - 1, 1)
    return np.asarray(small * inverse @ (gradients.T @ gradients) @ inverse)
