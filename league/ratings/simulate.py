"""Simulated fields of known strength: do intervals cover the truth, and does the SPRT keep its error rates?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from league.pairing import Result, shares
from league.ratings.davidson import ELO, fit, outcomes
from league.ratings.sprt import SequentialTest, expected_score, log_likelihood_ratio
from marl.types import Floats, Ints


@dataclass(frozen=True)
class Field:
    """A double round robin, several times over."""

    players: int = 8
    cycles: int = 5
    """Games of every ordered pair of players."""
    spread: float = 200.0
    """Standard deviation of the players' strengths, in Elo."""
    nu: float = 0.5
    """Draws: between equals, a draw has the probability `nu / (2 + nu)`."""
    advantage: float = 30.0
    """Of the first seat, in Elo."""


@dataclass(frozen=True)
class Coverage:
    """The shares of 95 % intervals that contain the truth."""

    strengths: float
    differences: float
    """Between players that are neighbours in strength."""
    advantage: float
    width: float
    """The mean width of a strength's interval, in Elo."""


def coverage(field: Field, fits: int, seed: int, prior: float = 1000.0) -> Coverage:
    """Draw `fits` fields and their results, fit each, and count."""
    rng = np.random.default_rng(seed)
    n = field.players
    truth = rng.normal(size=(fits, n)) * field.spread / ELO
    truth -= truth.mean(axis=1, keepdims=True)
    first, second = np.array([(i, j) for i in range(n) for j in range(n) if i != j]).T
    d = truth[:, first] - truth[:, second] + field.advantage / ELO
    counts = rng.multinomial(field.cycles, outcomes(d, np.log(field.nu)).probability).astype(np.float64)
    found = fit(first, second, counts, n, prior / ELO, seats=True)
    centre = np.eye(n) - 1.0 / n
    covariance = centre @ found.covariance[:, :n, :n] @ centre
    error = found.strengths - found.strengths.mean(axis=1, keepdims=True) - truth
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    fit_, order = np.arange(fits)[:, None], np.argsort(truth, axis=1)
    one, two = order[:, 1:], order[:, :-1]
    variance = covariance[fit_, one, one] + covariance[fit_, two, two] - 2 * covariance[fit_, one, two]
    return Coverage(
        _share(error, spread),
        _share(error[fit_, one] - error[fit_, two], np.sqrt(variance)),
        _share(found.advantage - field.advantage / ELO, np.sqrt(found.covariance[:, -1, -1])),
        float(2 * 1.96 * ELO * spread.mean()),
    )


def _share(error: Floats, spread: Floats) -> float:
    return float((np.abs(error) < 1.959964 * spread).mean())


def plackett_luce(strengths: Floats, sides: int, matches: int, seed: int) -> list[Result]:
    """Matches of random `sides` players whose ranks follow the Plackett-Luce model; `strengths[n]` in log-odds."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(matches):
        players = rng.permutation(len(strengths))[:sides]
        performance = strengths[players] + rng.gumbel(size=sides)
        names = tuple(f"p{player}" for player in players)
        found.append(Result(str(number), names, shares(performance.tolist())))
    return found


@dataclass(frozen=True)
class Rates:
    """How simulated tests ended."""

    accepted: float
    """The share that decided for H1, the better candidate."""
    rejected: float
    """The share that decided for H0."""
    pairs: float
    """The mean number of game pairs."""


def sprt_rates(
    test: SequentialTest, elo: float, tests: int, seed: int, draws: float = 0.4, seat: float = 0.15, most: int = 20_000
) -> Rates:
    """Run `tests` tests of a candidate that is `elo` better. A pair's seed favours one seat by `seat` in mean score."""
    rng = np.random.default_rng(seed)
    counts, live = np.zeros((tests, 5)), np.arange(tests)
    accepted = rejected = pairs = 0
    for _ in range(most):
        points = _pair_points(rng, len(live), expected_score(elo), draws, seat)
        counts[live, points] += 1
        pairs += len(live)
        llr = log_likelihood_ratio(counts[live], test.score0, test.score1)
        accepted += int((llr >= test.upper).sum())
        rejected += int((llr <= test.lower).sum())
        live = live[(llr < test.upper) & (llr > test.lower)]
        if not len(live):
            break
    return Rates(accepted / tests, rejected / tests, pairs / tests)


def _pair_points(rng: np.random.Generator, n: int, mean: float, draws: float, seat: float) -> Ints:
    """Twice the points of `n` pairs, 0 to 4, as `int[n]`."""
    favour = rng.choice([-seat, seat], size=n)
    total = np.zeros(n, dtype=np.int64)
    for score in (mean + favour, mean - favour):
        draw = np.minimum(draws, 2 * np.minimum(score, 1 - score))
        luck = rng.random(n)
        total += np.where(luck < score - draw / 2, 2, np.where(luck < score + draw / 2, 1, 0))
    return total
