"""Alpha-rank as a meta-solver: the marginals of the profiles' stationary distribution. Any number of sides, general
sum.

Sources: Omidshafiei et al., "Alpha-rank", 2019; Muller et al., "A generalized training approach for multiagent
learning", ICLR 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.payoffs import Payoffs
from league.ratings.evolution import Params, profile_masses
from marl.types import Floats

__all__ = ["AlphaRank", "Params"]


class AlphaRank:
    """There are as many profiles as the product of all sides' players: keep these few where there are many sides."""

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self.alpha, self.population = params.alpha, params.population

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The marginals of the stationary distribution, `float64[n]` a side."""
        scale = max(float(np.abs(table).max(initial=0.0)) for table in payoffs) or 1.0
        masses = profile_masses([table / scale for table in payoffs], self.alpha, self.population)
        sides = range(masses.ndim)
        return [masses.sum(axis=tuple(other for other in sides if other != side)) for side in sides]
