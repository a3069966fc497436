"""The equilibrium of largest entropy of a zero-sum table: of all optimal mixtures the one that leaves out nobody.

The optimal mixtures of each side are a polytope. In its relative interior everybody has weight who has weight in any of
them, and all those of the other side who have weight in any earn the same against it; there the dual of maximising the
entropy is smooth. So copies of a player share its weight, and change nothing else.
Source: Balduzzi, Tuyls, Perolat, Graepel, "Re-evaluating evaluation", NeurIPS 2018; Ortiz, Schapire and Kakade,
"Maximum entropy correlated equilibria", AISTATS 2007.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize

from marl.errors import RunError
from marl.types import Bools, Floats


def max_entropy_nash(payoff: Floats) -> Floats:
    """The Nash mixture `[n]` of largest entropy of a symmetric zero-sum game, `payoff[n, n]` antisymmetric."""
    return max_entropy_mixtures(payoff)[0]


def max_entropy_mixtures(payoff: Floats) -> tuple[Floats, Floats]:
    """The optimal mixtures `[n]`, `[m]` of largest entropy; `payoff[n, m]` is what the rows earn from the columns."""
    scale = float(np.abs(payoff).max(initial=0.0)) or 1.0
    table = payoff / scale
    rows, columns = _largest_supports(table)
    return _optimal(table.T, columns, rows), _optimal(-table, rows, columns)


def _optimal(earned: Floats, theirs: Bools, own: Bools) -> Floats:
    """The mixture over `own` of largest entropy against which `theirs` concede the same, and no other less.

    `earned`: `[others, players]`, what the players whose mixture it is earn from each of the others.
    """
    level = earned[theirs][:, own].mean(axis=0)
    inside, outside = level - earned[theirs][:, own], level - earned[~theirs][:, own]
    free = null_space(inside, rcond=1e-9) if inside.any() else np.zeros((len(level), len(level)))
    weights = np.zeros(len(own))
    if free.shape[1] == 1:  # the only mixture, as almost always
        weights[own] = np.abs(free[:, 0]) if len(level) > 1 else 1.0
    else:
        weights[own] = _largest_entropy(inside, outside)
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


def _largest_supports(table: Floats) -> tuple[Bools, Bools]:
    """Who has weight in some optimal mixture of the rows, `bool[n]`, and of the columns, `bool[m]`.

    `max sum(t) : t <= (x, y), t <= 1, sum(x) = sum(y), x^T A >= v, A y <= v`: mixtures of any size are optimal where
    they fulfil this, and since any size will do, `t` is 0 or 1. `v` is the game's value times that size.
    """
    n, m = table.shape
    both = n + m
    guarantees = np.block([[-table.T, np.zeros((m, m))], [np.zeros((n, n)), table]])
    value = np.concatenate([np.ones(m), -np.ones(n)])[:, None]
    small = np.hstack([-np.eye(both), np.zeros((both, 1)), np.eye(both)])
    limits = np.vstack([np.hstack([guarantees, value, np.zeros((both, both))]), small])
    sizes = np.concatenate([np.ones(n), -np.ones(m), np.zeros(1 + both)])[None]
    cost = np.concatenate([np.zeros(both + 1), -np.ones(both)])
    bounds = [(0.0, None)] * both + [(None, None)] + [(0.0, 1.0)] * both
    found = linprog(cost, limits, np.zeros(2 * both), sizes, [0.0], bounds, method="highs")
    if found.status != 0:
        raise RunError(f"the linear program of a {n} x {m} payoff table failed: {found.message}")
    inside: Bools = found.x[both + 1 :] > 0.5
    return inside[:n], inside[n:]
