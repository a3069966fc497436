"""Uniform: every task alike, whatever happens. Domain randomisation, and what other curricula are compared with.

Source: Tobin et al., "Domain randomization for transferring deep neural networks from simulation to the real world",
IROS 2017.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.env import EnvSpec
from marl.types import Array, Floats, Ints


class Uniform:
    """See `Curriculum`."""

    def __init__(self, spec: EnvSpec) -> None:
        assert spec.tasks is not None
        self._count = len(spec.tasks)

    def weights(self) -> Floats:
        """One for each task."""
        return np.ones(self._count)

    def learn(self, tasks: Ints, returns: Floats) -> None:
        """Nothing."""

    def save(self) -> Mapping[str, Array]:
        """Nothing."""
        return {}

    def load(self, saved: Mapping[str, Array]) -> None:
        """Nothing."""
