"""The Bradley-Terry-Davidson likelihood on the scale of expected scores, for many data sets of one design at once.

A rating difference `x` means what it means to Elo, to SPRT and to everybody who uses them: an expected score `E` of
`1 / (1 + exp(-x))`, a draw counting half. Given `E` and the draw parameter `nu`, the three outcomes are Davidson's,
`win : draw : loss = exp(d/2) : nu : exp(-d/2)`, with the `d` that has that expected score:
`d = x + 2 asinh(nu/2 sinh(x/2))`. Without draws `d = x`, which is Bradley-Terry. (Taken for the rating itself, `d` goes
to infinity where all but one of a thousand games are drawn, for an expected score of 0.5005.)

The likelihood's slope in `x` is `(score - E) E (1 - E) / V`, with the variance `V` of a game's score: so draws, which
make `V` small, make ratings surer. `x` and `nu` are orthogonal: the information about each is unchanged by not knowing
the other. Fitted by Fisher scoring, with halved steps where one would make things worse.

Sources: Davidson, "On extending the Bradley-Terry model to accommodate ties", JASA 1970; Davidson and Beaver 1977.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from marl.types import Floats, Ints

ELO = 400.0 / log(10.0)
"""Elo per unit of log-odds."""

DRAWS_PRIOR = 1.0
"""The prior of `nu`: as if so many draws, and as many decided games, had been seen between equals beforehand."""
_SEAT_PRIOR = 3.0
"""Standard deviation of the weak prior on the advantage of a seat: if one seat wins all."""
_FAR, _LOG_NU = 60.0, 30.0
"""Where differences and `log nu` are cut, so that nothing overflows."""


@dataclass(frozen=True)
class Fit:
    """`B` fits, in units of log-odds of the expected score."""

    strengths: Floats
    """`[B, n]`"""
    log_nu: Floats
    """`[B]`: with equal strengths, a draw is `nu / 2` times as likely as a decision."""
    advantage: Floats
    """`[B]`: of the first seat; zero if it was not estimated."""
    covariance: Floats
    """`[B, n + 1 or 2, ...]`: the inverse information, prior included, of strengths, `log nu` and the advantage."""


@dataclass(frozen=True)
class Outcomes:
    """What the model says of games with rating differences `x[...]` (of the first seat) and draw parameters `nu`."""

    probability: Floats
    """`[..., 3]`: of a win of the first, a draw, a loss."""
    expected: Floats
    """`[...]`: the first's expected score."""
    variance: Floats
    """`[...]`: of its score."""
    slope: Floats
    """`[...]`: `E (1 - E) / V`, the likelihood's slope for a score that is one above expectation."""


def outcomes(x: Floats, log_nu: Floats) -> Outcomes:
    """The model at `x[...]` and `log_nu[...]`, of shapes that broadcast."""
    x, log_nu = np.clip(x, -_FAR, _FAR), np.clip(log_nu, -_LOG_NU, _LOG_NU)
    d = x + 2.0 * np.arcsinh(0.5 * np.exp(log_nu) * np.sinh(x / 2.0))
    logits = np.stack(np.broadcast_arrays(d / 2.0, log_nu, -d / 2.0), axis=-1)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = weights / weights.sum(axis=-1, keepdims=True)
    win, draw, loss = np.moveaxis(p, -1, 0)
    expected = 1.0 / (1.0 + np.exp(-x))
    variance = ((win + loss) * draw + 4.0 * win * loss) / 4.0
    spread = 1.0 / (2.0 + 2.0 * np.cosh(x))
    return Outcomes(p, expected, variance, spread / variance)


def fit(first: Ints, second: Ints, counts: Floats, n: int, prior: float, seats: bool) -> Fit:
    """`counts[B, E, 3]`: wins of `first[E]`, draws and losses against `second[E]`, of `n` players.

    `prior`: standard deviation of the strengths' normal prior, in log-odds. `seats`: whether to estimate the advantage
    of the first seat.
    """
    edges = np.arange(len(first))
    design = np.zeros((len(first), n + 1 + seats))  # how x follows from the parameters; column n is log nu, and zero
    design[edges, first] += 1.0
    design[edges, second] -= 1.0
    if seats:
        design[:, n + 1] = 1.0
    precision = np.array([prior] * n + [np.inf] + [_SEAT_PRIOR] * seats) ** -2.0
    at = np.zeros((len(counts), design.shape[1]))
    value, gradient, information = _look(at, design, counts, precision, n)
    for _ in range(100):
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        scale = np.ones(len(at))
        while True:  # halve the steps of those that would get worse
            moved = at + scale[:, None] * step
            after, slope, curve = _look(moved, design, counts, precision, n)
            worse = after < value - 1e-9 * (1.0 + np.abs(value))
            if not worse.any():
                break
            scale[worse] /= 2.0
        at, value, gradient, information = moved, after, slope, curve
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    advantage = at[:, n + 1] if seats else np.zeros(len(at))
    return Fit(at[:, :n], at[:, n], advantage, np.asarray(np.linalg.inv(information), dtype=np.float64))


def _look(at: Floats, design: Floats, counts: Floats, precision: Floats, n: int) -> tuple[Floats, Floats, Floats]:
    """Log-posterior `[B]`, its gradient `[B, p]` and expected information `[B, p, p]` at `at[B, p]`."""
    log_nu, games = at[:, n], counts.sum(axis=2)
    model = outcomes(at @ design.T, log_nu[:, None])
    draw = model.probability[..., 1]
    surplus = counts @ [1.0, 0.5, 0.0] - games * model.expected
    value = (counts * np.log(np.maximum(model.probability, 1e-300))).sum(axis=(1, 2))
    value -= 0.5 * (precision * at * at).sum(axis=1)
    gradient = (surplus * model.slope) @ design - precision * at
    information = np.einsum("be,ep,eq->bpq", games * model.slope**2 * model.variance, design, design, optimize=True)
    # Of draws: their surplus, less what the surplus of points explains (the two are correlated where players differ).
    tilt = (model.expected - 0.5) * draw / model.variance
    gradient[:, n] = (counts[:, :, 1] - games * draw + surplus * tilt).sum(axis=1)
    information[:, n, n] = (games * (draw * (1.0 - draw) - tilt**2 * model.variance)).sum(axis=1)
    equal = 1.0 / (1.0 + 2.0 * np.exp(-np.clip(log_nu, -_LOG_NU, _LOG_NU)))  # the chance of a draw between equals
    value += DRAWS_PRIOR * (np.log(equal) + np.log1p(-equal))
    gradient[:, n] += DRAWS_PRIOR * (1.0 - 2.0 * equal)
    information[:, n, n] += 2.0 * DRAWS_PRIOR * equal * (1.0 - equal)
    return value, gradient, information + np.einsum("p,pq->pq", precision, np.eye(len(precision)))
