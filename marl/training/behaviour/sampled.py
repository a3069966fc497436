"""The plain behaviour: actions are drawn from the policy itself."""

from __future__ import annotations

from collections.abc import Mapping

from marl.training.behaviour import Drawn
from marl.types import Array, Bools, Floats, Keys


class Sampled:
    """See `Behaviour`."""

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """A draw from the distribution."""
        return distribution.sample(inputs, mask, keys)
