"""Now and then any legal action, else the best one.

Source: Watkins, "Learning from delayed rewards", 1989; Mnih et al., "Human-level control through deep reinforcement
learning", Nature 518 (2015), with an epsilon that falls over the horizon.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl import rng
from marl.training.behaviour import Drawn
from marl.types import Array, Bools, Floats, Keys


class EpsilonGreedy:
    """See `Behaviour`. With probability `epsilon` (a coefficient) uniform over the legal actions. Discrete actions."""

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """The best action, or any."""
        epsilon = coefficients["epsilon"]
        legal = np.ones(inputs.shape, dtype=np.bool_) if mask is None else mask
        best = distribution.mode(inputs, mask)
        explores = rng.uniform(keys, 1) < epsilon
        action = np.where(explores, rng.choose(keys, legal, 2), best)
        return action, np.log(epsilon / legal.sum(axis=1) + (1 - epsilon) * (action == best))
