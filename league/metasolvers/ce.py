"""Correlated equilibrium: a joint distribution that nobody gains by leaving, even when told whom to play.

Why: it is finer than a coarse one, whose sides must follow what is drawn without having seen it. A correlated
equilibrium is a distribution `x` over pairings with `sum_{a_-s} x(a) (u_s(b, a_-s) - u_s(a)) <= 0` for all `a_s` and
`b` of every side `s`; which of them, see `correlated.py`.
Source: Aumann, "Subjectivity and correlation in randomized strategies", 1974; Marris, Muller, Lanctot, Tuyls and
Graepel, "Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers", ICML 2021, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array

from league.metasolvers.correlated import Params, chosen
from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.types import Floats

__all__ = ["Correlated", "Params", "swaps"]


class Correlated:
    """Solves the table exactly, to 1e-7. Of players that are the same, the first has the weight."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def __call__(self, payoffs: Payoffs) -> Joint:
        """The joint distribution."""
        table = payoffs.distinct()
        return payoffs.spread_joint(chosen(table, swaps(list(table)), self.params))


def swaps(tables: Sequence[Floats]) -> csr_array:
    """What each side gains on each pairing by playing `b` wherever `a` is drawn, `[n_0^2 + n_1^2 + ..., cells]`."""
    rows, columns, gains, count = [], [], [], 0
    for side, table in enumerate(tables):
        size = table.shape[side]
        cells = np.moveaxis(np.arange(table.size).reshape(table.shape), side, 0).reshape(size, -1)
        earned = np.moveaxis(table, side, 0).reshape(size, -1)
        gained = earned[None, :, :] - earned[:, None, :]  # [a, b, what the others play]
        number = count + np.arange(size * size).reshape(size, size, 1)
        rows.append(np.broadcast_to(number, gained.shape).ravel())
        columns.append(np.broadcast_to(cells[:, None, :], gained.shape).ravel())
        gains.append(gained.ravel())
        count += size * size
    entries = np.concatenate(gains), (np.concatenate(rows), np.concatenate(columns))
    return coo_array(entries, shape=(count, tables[0].size)).tocsr()
