"""Boltzmann policies: actions are drawn in proportion to the exponential of their values over a temperature.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018, section 3 (the softmax over values).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.training.behaviour import Drawn
from marl.types import Array, Bools, Floats, Keys


class Boltzmann:
    """See `Behaviour`. The networks say `values / last temperature`; while gathering, the temperature is that of now.

    `heat` (a coefficient) is the temperature of now over the last one, so 1 plays what snapshots play.
    """

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """An action from the softmax at the temperature of now."""
        return distribution.sample(np.asarray(inputs / np.float32(coefficients["heat"])), mask, keys)
