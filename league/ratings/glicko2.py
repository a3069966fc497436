"""Glicko-2: strengths with uncertainty and volatility, updated by rating periods.

Source: Glickman, "Example of the Glicko-2 system", 2013 (the step numbers below are its own). A period is a round of
the event: all results of one round are rated at once. In a match of more than two sides everyone is compared with
everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp, log, pi, sqrt

from league.pairing import Result
from league.ratings.rating import Rating, counted


@dataclass
class Params:
    """A newcomer, and how much volatilities may change."""

    initial: float = 1500.0
    deviation: float = 350.0
    volatility: float = 0.06
    tau: float = 0.5
    """Small values keep volatilities steady; 0.3 to 1.2 is usual."""

    def __post_init__(self) -> None:
        if min(self.deviation, self.volatility, self.tau) <= 0:
            raise ValueError("needs deviation, volatility and tau above 0")


SCALE = 173.7178
"""Points of the Glicko scale per unit."""


@dataclass(frozen=True)
class Strength:
    """A rating on the Glicko scale."""

    rating: float
    deviation: float
    volatility: float


class Glicko2:
    """`strengths[player]`. `update` takes results in order; a change of `round` begins a new rating period."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.newcomer, self.tau = Strength(params.initial, params.deviation, params.volatility), params.tau
        self.strengths: dict[str, Strength] = {}
        self.games: dict[str, int] = {}

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating when the results come period after period."""
        self.strengths, self.games = {}, {}
        return self.update(sorted(results, key=lambda result: result.round))

    def update(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating after another period."""
        for _, period in groupby(counted(results), key=lambda result: result.round):
            self._period(list(period))
        return {
            player: Rating.around(strength.rating, strength.deviation, self.games[player])
            for player, strength in self.strengths.items()
        }

    def strength(self, player: str) -> Strength:
        """A player's strength now."""
        return self.strengths.get(player, self.newcomer)

    def _period(self, results: list[Result]) -> None:
        played: dict[str, list[tuple[Strength, float]]] = {player: [] for player in self.strengths}
        for result in results:
            for i, player in enumerate(result.players):
                self.games[player] = self.games.get(player, 0) + 1
                for j, other in enumerate(result.players):
                    if j != i:
                        mine, theirs = result.scores[i], result.scores[j]
                        score = mine if len(result.players) == 2 else (mine > theirs) + 0.5 * (mine == theirs)
                        played.setdefault(player, []).append((self.strength(other), score))
        self.strengths = {player: rate(self.strength(player), games, self.tau) for player, games in played.items()}


def rate(player: Strength, games: Sequence[tuple[Strength, float]], tau: float) -> Strength:
    """A strength after a period's games: `(opponent before the period, score)`; no games make it less certain."""
    mu, phi = (player.rating - 1500.0) / SCALE, player.deviation / SCALE  # step 2
    if not games:
        return Strength(player.rating, SCALE * sqrt(phi * phi + player.volatility**2), player.volatility)
    information = surplus = 0.0
    for opponent, score in games:  # steps 3 and 4
        other, spread = (opponent.rating - 1500.0) / SCALE, opponent.deviation / SCALE
        g = 1.0 / sqrt(1.0 + 3.0 * spread * spread / (pi * pi))
        expected = 1.0 / (1.0 + exp(-g * (mu - other)))
        information += g * g * expected * (1.0 - expected)
        surplus += g * (score - expected)
    variance = 1.0 / information
    volatility = _volatility(player.volatility, variance * surplus, variance, phi, tau)  # step 5
    before = phi * phi + volatility * volatility  # step 6
    after = 1.0 / (1.0 / before + 1.0 / variance)  # step 7
    return Strength(SCALE * (mu + after * surplus) + 1500.0, SCALE * sqrt(after), volatility)  # step 8


def _volatility(sigma: float, delta: float, variance: float, phi: float, tau: float) -> float:
    """Step 5: the root of `f` by the Illinois method."""
    a = log(sigma * sigma)

    def f(x: float) -> float:
        total = phi * phi + variance + exp(x)
        return exp(x) * (delta * delta - total) / (2.0 * total * total) - (x - a) / (tau * tau)

    low = a
    if delta * delta > phi * phi + variance:
        high = log(delta * delta - phi * phi - variance)
    else:
        k = 1
        while f(a - k * tau) < 0:
            k += 1
        high = a - k * tau
    at_low, at_high = f(low), f(high)
    while abs(high - low) > 1e-9:
        middle = low + (low - high) * at_low / (at_high - at_low)
        value = f(middle)
        if value * at_high <= 0:
            low, at_low = high, at_high
        else:
            at_low /= 2.0
        high, at_high = middle, value
    return exp(low / 2.0)
