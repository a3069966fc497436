"""Newton's method for the Bradley-Terry-Davidson likelihood, for many data sets of one design at once.

With `s = +1/2, 0, -1/2` and `t = 0, 1, 0` for win, draw and loss of the first, `P(outcome) ~ exp(s d + t log nu)` is an
exponential family: the log-likelihood is concave, and observed and expected information are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from marl.types import Floats, Ints

ELO = 400.0 / log(10.0)
"""Elo per unit of log-odds."""

_S = np.array([0.5, 0.0, -0.5])
_T = np.array([0.0, 1.0, 0.0])
_NU_PRIOR, _SEAT_PRIOR = 10.0, 3.0
"""Standard deviations of the weak priors on `log nu` and the advantage: without draws, or if one seat wins all."""


@dataclass(frozen=True)
class Fit:
    """`B` fits, in units of log-odds."""

    strengths: Floats
    """`[B, n]`"""
    log_nu: Floats
    """`[B]`: with equal strengths, a draw is `nu / 2` times as likely as a decision."""
    advantage: Floats
    """`[B]`: of the first seat; zero if it was not estimated."""
    covariance: Floats
    """`[B, n + 1 or 2, ...]`: the inverse information, prior included, of strengths, `log nu` and the advantage."""


def fit(first: Ints, second: Ints, counts: Floats, n: int, prior: float, seats: bool) -> Fit:
    """`counts[B, E, 3]`: wins of `first[E]`, draws and losses against `second[E]`, of `n` players.

    `prior`: standard deviation of the strengths' normal prior, in log-odds. `seats`: whether to estimate the advantage
    of the first seat.
    """
    edges = np.arange(len(first))
    design = np.zeros((len(first), n + 1 + seats))  # how d follows from the parameters; column n is log nu
    design[edges, first] += 1.0
    design[edges, second] -= 1.0
    if seats:
        design[:, n + 1] = 1.0
    precision = np.array([prior] * n + [_NU_PRIOR] + [_SEAT_PRIOR] * seats) ** -2.0
    x = np.zeros((len(counts), design.shape[1]))
    games = counts.sum(axis=2)
    value, gradient, information = _look(x, design, counts, games, precision, n)
    for _ in range(100):
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        scale = np.ones(len(x))
        while True:  # halve the steps of those that would get worse
            moved = x + scale[:, None] * step
            after, slope, curve = _look(moved, design, counts, games, precision, n)
            worse = after < value - 1e-9 * (1.0 + np.abs(value))
            if not worse.any():
                break
            scale[worse] /= 2.0
        x, value, gradient, information = moved, after, slope, curve
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    advantage = x[:, n + 1] if seats else np.zeros(len(x))
    return Fit(x[:, :n], x[:, n], advantage, np.asarray(np.linalg.inv(information), dtype=np.float64))


def _look(
    x: Floats, design: Floats, counts: Floats, games: Floats, precision: Floats, n: int
) -> tuple[Floats, Floats, Floats]:
    """Log-posterior `[B]`, its gradient `[B, p]` and negative second derivative `[B, p, p]` at `x[B, p]`."""
    plain = design.copy()
    plain[:, n] = 0.0
    d = x @ plain.T
    logits = d[:, :, None] * _S + x[:, None, n : n + 1] * _T
    top = logits.max(axis=2, keepdims=True)
    weights = np.exp(logits - top)
    total = weights.sum(axis=2, keepdims=True)
    p = weights / total
    value = (counts * (logits - top - np.log(total))).sum(axis=(1, 2)) - 0.5 * (precision * x * x).sum(axis=1)
    rest = counts - games[:, :, None] * p
    gradient = (rest @ _S) @ plain - precision * x
    gradient[:, n] += (rest @ _T).sum(axis=1)
    mean = p @ _S
    ss = games * (p @ (_S * _S) - mean * mean)
    st = games * (-mean * p[:, :, 1])
    tt = games * p[:, :, 1] * (1.0 - p[:, :, 1])
    information = np.einsum("be,ep,eq->bpq", ss, plain, plain, optimize=True)
    cross = st @ plain
    information[:, n, :] += cross
    information[:, :, n] += cross
    information[:, n, n] += tt.sum(axis=1)
    information += np.diag(precision)
    return value, gradient, information
