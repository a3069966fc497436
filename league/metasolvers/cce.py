"""Coarse correlated equilibrium: a joint distribution that nobody gains by leaving before it is drawn.

Why: in games of more than two players, or of general sum, a Nash equilibrium is hard to find, and players who draw
together may earn more than any who draw apart. A coarse correlated equilibrium is a distribution `x` over pairings with
`sum_a x(a) (u_s(b, a_-s) - u_s(a)) <= 0` for every player `b` of every side `s`; which of them, see `correlated.py`.
PSRO with it, and best responses to the others' joint distribution, is JPSRO(CCE), which ends at one of the whole game.
Source: Marris, Muller, Lanctot, Tuyls and Graepel, "Multi-agent training beyond zero-sum with correlated equilibrium
meta-solvers", ICML 2021, section 3 and appendix; Moulin and Vial 1978.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from league.metasolvers.correlated import Params, chosen
from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.types import Floats

__all__ = ["CoarseCorrelated", "Params", "deviations"]


class CoarseCorrelated:
    """Solves the table exactly, to 1e-7. Of players that are the same, the first has the weight."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, payoffs: Payoffs) -> Joint:
        """The joint distribution."""
        table = payoffs.distinct()
        gains = csr_array(deviations(np.stack(list(table))))
        return payoffs.spread_joint(chosen(table, gains, self.params))


def deviations(tables: Floats) -> Floats:
    """What each player of each side gains on each pairing by being there instead, `[n_0 + n_1 + ..., cells]`."""
    rows = []
    for side, table in enumerate(tables):
        for player in range(table.shape[side]):
            instead = np.take(table, [player], axis=side)
            rows.append((instead - table).ravel())
    return np.array(rows)
