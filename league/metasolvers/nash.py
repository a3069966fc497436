"""Nash equilibrium of a two-side zero-sum table, as one linear program (its dual is the other side's mixture).

With payoffs shifted to be positive, `max v : A^T x >= v` becomes `min sum(z) : A^T z >= 1` with `x = z / sum(z)`.
Source: Dantzig 1951; solved by HiGHS (Huangfu and Hall 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from league.payoffs import Payoffs
from marl.errors import RunError, UserError
from marl.types import Floats


class Nash:
    """Solves the table exactly, to HiGHS' tolerance of 1e-7. Of players that are the same, the first has the weight."""

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The equilibrium mixture of each side, `float64[n]`."""
        if len(payoffs) != 2:
            raise UserError(
                f"the meta-solver league/nash is for two sides, and there are {len(payoffs)}; try league/prd"
            )
        mixtures = self.solve(payoffs.distinct())
        if payoffs.symmetric:  # what is optimal for one side is for the other
            mixtures = [mixtures[0], mixtures[0]]
        return payoffs.spread(mixtures)

    @staticmethod
    def solve(payoffs: Payoffs) -> list[Floats]:
        """The equilibrium of different players."""
        table = payoffs[0]
        scale = np.abs(table).max(initial=0.0)
        if np.abs(table + payoffs[1]).max(initial=0.0) > 1e-6 * max(scale, 1.0):
            raise UserError("the meta-solver league/nash is for zero-sum games, and this table is not; try league/prd")
        if scale == 0.0:
            return [np.full(n, 1.0 / n) for n in table.shape]
        rows, columns = table.shape
        shifted = table / scale - table.min() / scale + 1.0
        result = linprog(np.ones(rows), A_ub=-shifted.T, b_ub=-np.ones(columns), bounds=(0, None), method="highs")
        if result.status != 0:
            raise RunError(f"the linear program of a {rows} x {columns} payoff table failed: {result.message}")
        return [_distribution(result.x), _distribution(-result.ineqlin.marginals)]


def _distribution(weights: Floats) -> Floats:
    kept = np.where(weights > 1e-12 * weights.max(), weights, 0.0)
    return np.asarray(kept / kept.sum())
