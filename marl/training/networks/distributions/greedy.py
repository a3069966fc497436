"""No chance in it: the most probable action, always."""

from __future__ import annotations

from typing import Any

import numpy as np

from marl.training.networks.distributions.base import Distribution
from marl.types import Array, Bools, Floats, Keys


class Greedy:
    """Another distribution as it plays greedily. Everything else is that distribution's own."""

    def __init__(self, inner: Distribution) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # of one that is being copied, and has nothing yet
            raise AttributeError(name)
        return getattr(self._inner, name)

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """See `Distribution.sample`."""
        return self._inner.mode(inputs, mask), np.zeros(len(inputs))

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """See `Distribution.probabilities`."""
        known = self._inner.probabilities(inputs, mask)
        return np.asarray(known.argmax(axis=1)[:, None] == np.arange(known.shape[1]), dtype=np.float64)
