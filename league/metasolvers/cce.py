"""Coarse correlated equilibrium of largest welfare: a joint distribution that nobody gains by leaving beforehand.

Why: in games of more than two players, or of general sum, a Nash equilibrium is hard to find, and players who draw
together may earn more than any who draw apart. A coarse correlated equilibrium is a linear program: a distribution
`x` over pairings with `sum_a x(a) (u_s(b, a_-s) - u_s(a)) <= 0` for every player `b` of every side `s`. Of all of them
this takes one with the largest sum of returns (where all earn the same together, any: a vertex). PSRO with it, and best
responses to the others' joint distribution, is JPSRO(CCE), which ends at one of the whole game.
Source: Marris, Muller, Lanctot, Tuyls and Graepel, "Multi-agent training beyond zero-sum with correlated equilibrium
meta-solvers", ICML 2021, section 3 and appendix; Moulin and Vial 1978. Solved by HiGHS (Huangfu and Hall 2018).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.errors import RunError
from marl.types import Floats


class CoarseCorrelated:
    """Solves the table exactly, to HiGHS' tolerance of 1e-7. Of players that are the same, the first has the weight."""

    def __call__(self, payoffs: Payoffs) -> Joint:
        """The joint distribution, found by linear programming."""
        table = payoffs.distinct()
        tables = np.stack(list(table))
        scale = float(np.abs(tables).max(initial=0.0)) or 1.0
        tables = tables / scale
        result = linprog(
            -tables.sum(axis=0).ravel(),
            A_ub=deviations(tables),
            b_ub=np.zeros(sum(table.sizes)),
            A_eq=np.ones((1, table.count.size)),
            b_eq=[1.0],
            bounds=(0, None),
            method="highs",
        )
        if result.status != 0:
            raise RunError(f"the linear program of a payoff table of {table.sizes} failed: {result.message}")
        kept = np.where(result.x > 1e-12, result.x, 0.0).reshape(table.sizes)
        return payoffs.spread_joint(Joint(kept / kept.sum()))


def deviations(tables: Floats) -> Floats:
    """What each player of each side gains on each pairing by being there instead, `[n_0 + n_1 + ..., cells]`."""
    rows = []
    for side, table in enumerate(tables):
        for player in range(table.shape[side]):
            instead = np.take(table, [player], axis=side)
            rows.append((instead - table).ravel())
    return np.array(rows)
