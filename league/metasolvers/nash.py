"""Nash equilibrium: of a zero-sum table of two sides by a linear program, of any other by following logit equilibria.

With payoffs shifted to be positive, `max v : A^T x >= v` becomes `min sum(z) : A^T z >= 1` with `x = z / sum(z)`, whose
dual is the other side's mixture. With general sum or more sides there may be several equilibria, which are no convex
set: this takes the limiting logit equilibrium, see `tracing.py`, made exact by solving for indifference on its support.
Source: Dantzig 1951, solved by HiGHS (Huangfu and Hall 2018); McKelvey and Palfrey 1995; Turocy 2005.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from league.metasolvers.tracing import LogitGame, trace
from league.payoffs import Payoffs
from marl.errors import RunError
from marl.types import Floats

_RATIONALITY = 1e4  # up to which it is followed: regrets are below log(n) / 1e4 there
_REGRET = 1e-3  # the most that is taken for an equilibrium where it cannot be made exact


class Nash:
    """Solves zero-sum tables of two sides exactly, to HiGHS' tolerance of 1e-7, others to a regret of 1e-3 at worst.

    Of players that are the same, the first has the weight. One population that plays all sides has one mixture.
    """

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The equilibrium mixture of each side, `float64[n]`."""
        table = payoffs.distinct()
        scale = max(float(np.abs(one).max(initial=0.0)) for one in table)
        if scale == 0.0:
            mixtures = [np.full(n, 1.0 / n) for n in table.sizes]
        elif len(table) == 2 and np.abs(table[0] + table[1]).max(initial=0.0) <= 1e-6 * max(scale, 1.0):
            mixtures = zero_sum(table[0] / scale)
        else:
            mixtures = limiting_logit(table, scale)
        if payoffs.symmetric:  # what is optimal for one side is for all
            mixtures = mixtures[:1] * len(payoffs)
        return payoffs.spread(mixtures)


def zero_sum(table: Floats) -> list[Floats]:
    """Optimal mixtures of rows and columns; `table[n, m]` is what the rows earn."""
    rows, columns = table.shape
    shifted = table - table.min() + 1.0
    result = linprog(np.ones(rows), A_ub=-shifted.T, b_ub=-np.ones(columns), bounds=(0, None), method="highs")
    if result.status != 0:
        raise RunError(f"the linear program of a {rows} x {columns} payoff table failed: {result.message}")
    return [_distribution(result.x), _distribution(-result.ineqlin.marginals)]


def limiting_logit(payoffs: Payoffs, scale: float) -> list[Floats]:
    """The equilibrium at the end of the path of logit equilibria: a mixture for each population."""
    game = LogitGame(payoffs, scale)
    *_, last = trace(game, _RATIONALITY)
    found = game.mixtures(last)
    candidates = [found, *(_indifferent(game, found, least) for least in (1e-2, 1e-3, 1e-4, 1e-6))]
    regrets = [_regret(game, one) for one in candidates]
    best = int(np.argmin(regrets))
    if not regrets[best] <= _REGRET:
        raise RunError(
            f"no Nash equilibrium of a payoff table of {payoffs.sizes} was found: the best that was leaves a regret of "
            f"{regrets[best] * scale:g}; league/prd or league/regret_matching do without one"
        )
    return candidates[best]


def _regret(game: LogitGame, mixtures: list[Floats]) -> float:
    """What the best deviation gains, of payoffs scaled to [-1, 1]; infinite where these are no distributions."""
    if not all(np.isfinite(mixture).all() and mixture.min() >= 0.0 for mixture in mixtures):
        return np.inf
    fitness = np.split(game.earned(mixtures)[0], game.ends[:-1])
    return max(float(one.max() - one @ mixture) for one, mixture in zip(fitness, mixtures, strict=True))


def _indifferent(game: LogitGame, mixtures: list[Floats], least: float) -> list[Floats]:
    """Mixtures over those with a weight of `least` or more, near the given ones, such that all of them earn the same.

    By Newton's method, whose unknowns are the weights and what each side earns.
    """
    point = np.concatenate(mixtures)
    support = point >= least
    kept = np.flatnonzero(support)
    point = np.where(support, point, 0.0)
    worth = np.zeros(len(game.sizes))
    sums = game.sums[:, kept]
    for _ in range(20):
        fitness, growth = game.earned(np.split(point, game.ends[:-1]))
        wrong = np.concatenate([fitness[kept] - worth[game.owner[kept]], sums @ point[kept] - 1.0])
        slopes = np.block([[growth[np.ix_(kept, kept)], -sums.T], [sums, np.zeros((len(sums), len(sums)))]])
        change = np.linalg.lstsq(slopes, -wrong, rcond=None)[0]
        point[kept] += change[: len(kept)]
        worth += change[len(kept) :]
        if not np.isfinite(point).all() or np.abs(change).max() < 1e-14:
            break
    point = np.where(np.abs(point) < 1e-12, 0.0, point)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [one / one.sum() for one in np.split(point, game.ends[:-1])]


def _distribution(weights: Floats) -> Floats:
    kept = np.where(weights > 1e-12 * weights.max(), weights, 0.0)
    return np.asarray(kept / kept.sum())
