"""OpenSkill's Plackett-Luce model: Bayesian strengths, updated match by match; any number of sides, ties.

Source: Weng and Lin, "A Bayesian approximation method for online ranking", JMLR 12, 2011, algorithm 4; as in the
package `openskill` 6 with its defaults, which the tests compare it with. But for ties among more than two: there the
paper counts a tied place as a fraction of a place, so that who shares second place among eight is rated below who is
fourth. Here a tie is every order of the tied, each as likely; between two that is the paper's draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt

from league.pairing import Result
from league.ratings.rating import Rating, counted


@dataclass
class Params:
    """The scale of strengths, and how fast they may change."""

    mu: float = 25.0
    """A newcomer's strength."""
    sigma: float = 25.0 / 3.0
    """A newcomer's standard deviation."""
    beta: float = 25.0 / 6.0
    """How much a performance varies from match to match."""
    tau: float = 25.0 / 300.0
    """Standard deviation that is added before each match, so that ratings can follow players who change."""

    def __post_init__(self) -> None:
        if self.sigma <= 0 or self.beta <= 0 or self.tau < 0:
            raise ValueError("needs sigma > 0, beta > 0 and tau >= 0")


KAPPA = 1e-4
"""The least factor by which a match may shrink a variance."""


class OpenSkill:
    """`strengths[player] = (mu, sigma)`. For matchmaking; publish Bradley-Terry, whose intervals are calibrated."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.mu, self.sigma, self.beta, self.tau = params.mu, params.sigma, params.beta, params.tau
        self.strengths: dict[str, tuple[float, float]] = {}
        self.games: dict[str, int] = {}

    def fit(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating when the results come one after another."""
        self.strengths, self.games = {}, {}
        return self.update(results)

    def update(self, results: Sequence[Result]) -> dict[str, Rating]:
        """Everyone's rating after these results too."""
        for result in counted(results):
            new = self.rate([self.strength(player) for player in result.players], result.scores)
            self.strengths.update(zip(result.players, new, strict=True))
            for player in result.players:
                self.games[player] = self.games.get(player, 0) + 1
        return {player: Rating.around(mu, sigma, self.games[player]) for player, (mu, sigma) in self.strengths.items()}

    def copy(self) -> OpenSkill:
        """The same system, which goes its own way from here."""
        twin = OpenSkill(params=Params(mu=self.mu, sigma=self.sigma, beta=self.beta, tau=self.tau))
        twin.strengths, twin.games = dict(self.strengths), dict(self.games)
        return twin

    def strength(self, player: str) -> tuple[float, float]:
        """A player's mean and standard deviation."""
        return self.strengths.get(player, (self.mu, self.sigma))

    def rate(self, sides: Sequence[tuple[float, float]], scores: Sequence[float]) -> list[tuple[float, float]]:
        """The strengths `(mu, sigma)` after a match with these scores (higher is better; equal ones are a tie)."""
        means = [mu for mu, _ in sides]
        variances = [sigma * sigma + self.tau * self.tau for _, sigma in sides]
        c = sqrt(sum(variance + self.beta * self.beta for variance in variances))
        weight = [exp((mu - max(means)) / c) for mu in means]
        omega, delta = [0.0] * len(sides), [0.0] * len(sides)
        for score in set(scores):
            for i, present, share in _stages(weight, scores, score):
                omega[i] -= present * share
                delta[i] += present * share * (1 - share)
        change = [(omega[i] + 1) * variances[i] / c for i in range(len(sides))]
        shrink = [delta[i] * variances[i] / c**2 * sqrt(variances[i]) / c for i in range(len(sides))]
        return [
            (mean + moved, sqrt(variance * max(1 - less, KAPPA)))
            for mean, moved, variance, less in zip(means, change, variances, shrink, strict=True)
        ]


def _stages(weight: Sequence[float], scores: Sequence[float], score: float) -> Iterator[tuple[int, float, float]]:
    """`(i, how probably i is still there, its chance to be next)` while those with `score` are placed one by one.

    Those who are tied are taken to have come in any order, each as likely. Of those that are placed already, the mean
    is taken out, which is exact for two and for equals.
    """
    tied = [i for i, other in enumerate(scores) if other == score]
    below = [i for i, other in enumerate(scores) if other < score]
    together = sum(weight[i] for i in tied)
    total = together + sum(weight[i] for i in below)
    for placed in range(len(tied)):
        gone = placed / len(tied)
        for i in below:
            yield i, 1.0, weight[i] / (total - gone * together)
        for i in tied:
            others = placed / max(len(tied) - 1, 1) * (together - weight[i])
            yield i, 1.0 - gone, weight[i] / (total - others)
