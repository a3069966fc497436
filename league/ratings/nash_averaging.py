"""Nash averaging: everyone's strength against the maximum-entropy Nash mixture of the whole field.

Copies of a player, and weak opponents to feed on, change nobody's rating. Source: Balduzzi, Tuyls, Perolat, Graepel,
"Re-evaluating evaluation", NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize

from league.pairing import Result
from league.ratings.crosstable import crosstable
from league.ratings.davidson import ELO
from league.ratings.rating import Rating, counted, games_of
from marl.errors import RunError
from marl.types import Bools, Floats


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


def max_entropy_nash(payoff: Floats) -> Floats:
    """The Nash mixture `[n]` of largest entropy of a symmetric zero-sum game, `payoff[n, n]` antisymmetric.

    The mixtures that nobody beats are a polytope, `payoff @ p <= 0`. Its relative interior has the largest support, in
    which all constraints of the support hold with equality; there, the dual of the maximisation is smooth.
    """
    scale = float(np.abs(payoff).max(initial=0.0))
    if scale == 0.0:
        return np.full(len(payoff), 1.0 / len(payoff))
    a = payoff / scale
    support = _largest_support(a)
    inside, outside = a[np.ix_(support, support)], a[np.ix_(~support, support)]
    free = null_space(inside, rcond=1e-9)
    weights = np.zeros(len(payoff))
    if free.shape[1] == 1:  # the only mixture, as almost always
        weights[support] = np.abs(free[:, 0])
    else:
        weights[support] = _largest_entropy(inside, outside)
    return np.asarray(weights / weights.sum())


def _largest_entropy(inside: Floats, outside: Floats) -> Floats:
    """The distribution `[n]` of largest entropy with `inside @ p = 0` and `outside @ p <= 0`."""
    constraints = np.concatenate([inside, outside])

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        logits = -constraints.T @ multipliers
        top = logits.max()
        weights = np.exp(logits - top)
        total = weights.sum()
        return float(top + np.log(total)), -constraints @ (weights / total)

    bounds = [(None, None)] * len(inside) + [(0.0, None)] * len(outside)
    options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-16, "gtol": 1e-10}
    found = minimize(dual, np.zeros(len(constraints)), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    logits = -constraints.T @ found.x
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def _largest_support(a: Floats) -> Bools:
    """Who has weight in some Nash mixture, `bool[n]`.

    `max sum(t) : t <= q, t <= 1, a q <= 0, q >= 0`: since any size of `q` will do, `t` is 0 or 1.
    """
    n = len(a)
    rows = np.block([[a, np.zeros((n, n))], [-np.eye(n), np.eye(n)]])
    bounds = [(0.0, None)] * n + [(0.0, 1.0)] * n
    cost = np.concatenate([np.zeros(n), -np.ones(n)])
    found = linprog(cost, A_ub=rows, b_ub=np.zeros(2 * n), bounds=bounds, method="highs")
    if found.status != 0:
        raise RunError(f"the linear program of {n} players failed: {found.message}")
    support: Bools = found.x[n:] > 0.5
    return support
