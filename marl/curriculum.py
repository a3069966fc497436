"""Curricula: which of an environment's tasks a learner practises, as it goes along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from marl.types import Array, Floats, Ints


@runtime_checkable
class Curriculum(Protocol):
    """A distribution over the tasks of an environment that may follow how matches went. It draws nothing itself."""

    def weights(self) -> Floats:
        """How often each task is to be played next, `float64[T]`: not negative, not all 0; of any sum."""

    def learn(self, tasks: Ints, returns: Floats) -> None:
        """Matches that ended since the last call: their tasks `int64[B]` and the learner's returns `float64[B]`."""

    def save(self) -> Mapping[str, Array]:
        """All that it remembers, as arrays: part of the checkpoint."""

    def load(self, saved: Mapping[str, Array]) -> None:
        """Go on from what `save` gave."""
