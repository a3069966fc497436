"""Which correlated equilibrium: of the distributions over pairings from which nobody gains by a deviation, one.

They are a polytope, `G x <= 0` with a row of `G` for each deviation. `welfare` takes one with the largest sum of
returns by a linear program: a vertex, which often leaves nearly all players out. `gini` takes the one of largest Gini
impurity `1 - sum x^2`: it is unique, spreads its weight over whoever may have some, and does not depend on how payoffs
are scaled. That is a quadratic program, whose dual has one variable a deviation and no constraint but its sign: from
multipliers `u`, `x` is the distribution nearest to `-G^T u`. Its solution is made exact on the support that it finds.
Source: Marris, Muller, Lanctot, Tuyls and Graepel, "Multi-agent training beyond zero-sum with correlated equilibrium
meta-solvers", ICML 2021, section 3. Linear programs are solved by HiGHS (Huangfu and Hall 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_array

from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.errors import RunError
from marl.types import Floats

Deviations: TypeAlias = csr_array  # [deviations, pairings]: what each gains on each


@dataclass
class Params:
    """Which of all equilibria."""

    select: Literal["welfare", "gini"] = "welfare"
    """`welfare`: the largest sum of returns; `gini`: the largest impurity `1 - sum x^2`, which is unique."""


def chosen(table: Payoffs, deviations: Deviations, params: Params) -> Joint:
    """The equilibrium of a table of different players."""
    tables = np.stack(list(table))
    scale = float(np.abs(tables).max(initial=0.0)) or 1.0
    gains = deviations / scale
    if params.select == "gini":
        weights = _gini(gains)
    else:
        weights = _welfare((tables / scale).sum(axis=0).ravel(), gains, table.sizes)
    kept = np.where(weights > 1e-12, weights, 0.0).reshape(table.sizes)
    return Joint(kept / kept.sum())


def _welfare(welfare: Floats, gains: Deviations, sizes: tuple[int, ...]) -> Floats:
    result = linprog(
        -welfare,
        A_ub=gains,
        b_ub=np.zeros(gains.shape[0]),
        A_eq=np.ones((1, len(welfare))),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    if result.status != 0:
        raise RunError(f"the linear program of a payoff table of {sizes} failed: {result.message}")
    return np.asarray(result.x)


def _gini(gains: Deviations) -> Floats:
    """The distribution `[cells]` nearest to the uniform one with `gains @ x <= 0`."""
    back = gains.T.tocsr()

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        weights = nearest_distribution(-(back @ multipliers))
        gained = gains @ weights
        return -float(0.5 * weights @ weights + multipliers @ gained), -gained

    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-16, "gtol": 1e-10}
    start, bounds = np.zeros(gains.shape[0]), [(0.0, None)] * gains.shape[0]
    found = minimize(dual, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    weights = nearest_distribution(-(back @ found))
    exact = _on_support(gains, weights, found)
    violated = [float(max((gains @ one).max(initial=0.0), -one.min())) for one in (weights, exact)]
    return exact if violated[1] <= max(violated[0], 1e-12) else weights


def _on_support(gains: Deviations, weights: Floats, multipliers: Floats) -> Floats:
    """The least `sum x^2` with no weight outside the support, where deviations with multipliers gain nothing at all."""
    inside, binding = np.flatnonzero(weights > 1e-7), np.flatnonzero(multipliers > 1e-7)
    rows = gains[binding][:, inside].toarray()
    equations = np.vstack([rows, np.ones((1, len(inside)))])
    goal = np.append(np.zeros(len(rows)), 1.0)
    exact = np.zeros(len(weights))
    exact[inside] = np.linalg.lstsq(equations, goal, rcond=1e-12)[0]  # of least norm
    return exact


def nearest_distribution(point: Floats) -> Floats:
    """The distribution nearest to a point `[n]`.

    Source: Held, Wolfe and Crowder, "Validation of subgradient optimization", 1974.
    """
    falling = np.sort(point)[::-1]
    excess = (np.cumsum(falling) - 1.0) / np.arange(1, len(point) + 1)
    threshold = excess[np.flatnonzero(falling > excess)[-1]]
    return np.asarray(np.maximum(point - threshold, 0.0))
