"""Nash averaging: the equilibrium of largest entropy of a zero-sum table of two sides.

Why: a linear program gives some equilibrium, a corner that may leave out players who are as good, and which of them is
chance. This one is unique, moves continuously where it can, and gives copies of a player its weight in equal shares.
Source: Balduzzi, Tuyls, Perolat, Graepel, "Re-evaluating evaluation", NeurIPS 2018, section 3 (agents among themselves)
and 4 (agents against tasks). The rating `league/nash_averaging` is the same mixture, over results of matches.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.payoffs import Payoffs
from league.ratings.max_entropy import max_entropy_mixtures
from marl.errors import UserError
from marl.types import Floats


class MaxEntropyNash:
    """Solves to 1e-6 of the largest payoff. Players that are the same share the weight of one."""

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The mixture of each side, `float64[n]`."""
        if len(payoffs) != 2:
            raise UserError(
                f"the solver league/max_entropy_nash is for two sides, and there are {len(payoffs)}: try league/nash"
            )
        table = payoffs[0]
        scale = max(float(np.abs(table).max(initial=0.0)), 1.0)
        if np.abs(table + payoffs[1]).max(initial=0.0) > 1e-6 * scale:
            raise UserError(
                "the solver league/max_entropy_nash is for zero-sum games, and this table is not: try league/nash"
            )
        rows, columns = max_entropy_mixtures(table)
        return [rows, rows] if payoffs.symmetric else [rows, columns]
