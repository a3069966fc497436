"""The base of small games of one population in which the distribution says where agents go."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from marl.types import Floats
from marl_meanfield.games.plain import Plain


class Mixing(Plain, ABC):
    """Whoever derives from this says the chances, which are then computed anew at every time."""

    @abstractmethod
    def chances(self, distribution: Floats) -> Floats:
        """How likely an action leads from a state to another, `[A, S, S]`, where agents are distributed so, `[S]`."""

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """By the chances."""
        return np.asarray(np.tensordot(mass[0], self.chances(distribution[0]), axes=2))[None]

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """The transpose."""
        return np.asarray(self.chances(distribution[0]) @ values[0])[None]
