"""Policy-space diversity: how far a player's behaviour is from everybody's who is known (PSD-PSRO).

Why: a population that is diverse in its payoffs need not be nearer to an equilibrium; one whose hull in the space of
policies is larger is, for the equilibrium lies in that space. So what counts is the distance of a policy from the hull:
the least Kullback-Leibler divergence of how it behaves from how the others do.
Source: Yao, Liu, Fu, Yang, McAleer, Fu and Yang, "Policy space diversity for non-transitive games", NeurIPS 2023. As
in their practical method and in their code, the least is taken over the players, not over all of their mixtures, and
distributions are smoothed.
"""

from __future__ import annotations

import numpy as np

from league.diversity import Gain, Known
from league.diversity.smoothed import LEAST, smoothed
from marl.types import Floats


class PolicySpace:
    """The divergence from the nearest player."""

    def __call__(self, known: Known, row: Floats, behaviour: Floats) -> Gain:
        """See `Diversity`. Payoffs do not matter."""
        own = smoothed(behaviour)
        ratios = np.log(own / smoothed(known.behaviours))
        apart = ratios @ own
        near = int(np.argmin(apart))
        return Gain(float(apart[near]), np.zeros_like(row), (1 - LEAST) * (ratios[near] + 1.0))
