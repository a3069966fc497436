"""SPRT on game pairs: is a player better than another by `elo1`, or by no more than `elo0`?

The two games of a pair share their chance seed and swap seats, so that a pair's score (0, 0.5, 1, 1.5 or 2 points)
varies less than two games would; the test works on counts of these five outcomes ("pentanomial"). The log-likelihood
ratio is that of the most likely distributions over the outcomes whose mean is what the hypotheses say (a generalised
SPRT).

Sources: Wald, "Sequential tests of statistical hypotheses", 1945; Van den Bergh, "The generalized sequential
probability ratio test", fishtest's mathematics, 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, inf, log, log10, sqrt
from typing import Literal

import numpy as np

from league.ratings.rating import Z95
from marl.types import Array, Floats

POINTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""The outcomes of a pair, as the mean score of a game."""

UNSEEN = 1e-3
"""What counts for an outcome that was not seen yet, so that no distribution is excluded (as in fishtest)."""


@dataclass(frozen=True)
class Decision:
    """Where a test stands. `verdict`: "H0" (not better), "H1" (better), or "" (not decided yet)."""

    verdict: Literal["H0", "H1", ""]
    llr: float
    """The log-likelihood ratio of H1 to H0."""
    lower: float
    upper: float
    pairs: int


@dataclass(frozen=True)
class Estimate:
    """What pairs say about strength, whatever the hypotheses: a mean score, and its standard error, of a game."""

    score: float
    error: float

    @property
    def elo(self) -> float:
        """The difference in logistic Elo; infinite where everything was won or lost."""
        return elo_of(self.score)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `elo`."""
        return elo_of(self.score - Z95 * self.error), elo_of(self.score + Z95 * self.error)

    @property
    def los(self) -> float:
        """The likelihood of superiority: how probable it is that the candidate is the better one at all."""
        return 0.5 * (1.0 + erf((self.score - 0.5) / (self.error * sqrt(2.0))))


def estimate(counts: Array) -> Estimate:
    """From `counts[5]` of pairs by points. The error is that of the pairs' mean, so that pairs need not be independent
    inside; half a pair is added to each outcome for it, so that a few equal pairs do not pass for certainty."""
    seen = np.asarray(counts, dtype=np.float64)
    score = float(seen @ POINTS / seen.sum()) if seen.sum() else 0.5
    smooth = seen + 0.5
    total = smooth.sum()
    mean = smooth @ POINTS / total
    return Estimate(score, float(np.sqrt(smooth @ (POINTS - mean) ** 2 / total / total)))


class SequentialTest:
    """The hypotheses and the bounds. Raises ValueError for hypotheses or error rates that make no test."""

    def __init__(self, elo0: float = 0.0, elo1: float = 10.0, alpha: float = 0.05, beta: float = 0.05) -> None:
        if elo0 >= elo1:
            raise ValueError(f"elo0: {elo0} is not below elo1: {elo1}")
        if not (0 < alpha < 0.5 and 0 < beta < 0.5):
            raise ValueError(f"alpha: {alpha} and beta: {beta} must be above 0 and below 0.5")
        self.elo0, self.elo1, self.alpha, self.beta = elo0, elo1, alpha, beta
        self.score0, self.score1 = expected_score(elo0), expected_score(elo1)
        self.lower, self.upper = log(beta / (1 - alpha)), log((1 - beta) / alpha)

    def begin(self) -> State:
        """A test without any game."""
        return State(self)

    def decide(self, counts: Array) -> Decision:
        """The decision from `counts[5]` of pairs by points."""
        llr = float(log_likelihood_ratio(counts[None], self.score0, self.score1)[0])
        verdict: Literal["H0", "H1", ""] = "H0" if llr <= self.lower else "H1" if llr >= self.upper else ""
        return Decision(verdict, llr, self.lower, self.upper, int(counts.sum()))


class State:
    """A test that is going on."""

    def __init__(self, test: SequentialTest) -> None:
        self.test, self.counts = test, np.zeros(5)
        self.decision = Decision("", 0.0, test.lower, test.upper, 0)

    def add(self, points: float) -> None:
        """Enter a pair's points, 0 to 2; a score between the five outcomes counts as the nearest."""
        self.counts[round(2 * points)] += 1
        self.decision = self.test.decide(self.counts)


def expected_score(elo: float) -> float:
    """The mean score of a game at a difference in logistic Elo."""
    return float(1.0 / (1.0 + 10.0 ** (-elo / 400.0)))


def elo_of(score: float) -> float:
    """The difference in logistic Elo that a mean score stands for: minus or plus infinity at 0 and 1, and beyond."""
    if not 0.0 < score < 1.0:
        return -inf if score <= 0.0 else inf
    return 400.0 * log10(score / (1.0 - score))


def log_likelihood_ratio(counts: Array, score0: float, score1: float) -> Floats:
    """`counts[B, 5] -> float64[B]`: of the most likely distributions with mean `score1` and with mean `score0`."""
    seen = np.maximum(np.asarray(counts, dtype=np.float64), UNSEEN)
    total = seen.sum(axis=1)
    shares = seen / total[:, None]
    return np.asarray(total * (shares * (_log_tilt(shares, score0) - _log_tilt(shares, score1))).sum(axis=1))


def _log_tilt(shares: Floats, mean: float) -> Floats:
    """`log(1 + t (x - mean))`, with `t` such that `shares / (1 + t (x - mean))` is a distribution with that mean.

    This is the most likely distribution with that mean, given the shares seen (empirical likelihood: Owen 1988).
    `t` is the root of a falling function between the poles, found by bisection.
    """
    x = POINTS - mean
    low = np.full(len(shares), -1.0 / x.max() + 1e-12)
    high = np.full(len(shares), -1.0 / x.min() - 1e-12)
    for _ in range(60):
        middle = (low + high) / 2
        value = (shares * x / (1 + middle[:, None] * x)).sum(axis=1)
        low, high = np.where(value > 0, middle, low), np.where(value > 0, high, middle)
    return np.asarray(np.log1p(((low + high) / 2)[:, None] * x))
