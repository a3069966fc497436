"""Jobs: one slice of training."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

from marl.snapshot import JSON, canonical

Mixture = tuple[tuple[str, float], ...]  # (snapshot id, probability), in the order of the population
SELF = "self"  # in a mixture instead of a snapshot id: the live learner itself, as it is now


@dataclass(frozen=True)
class Job:
    """Train this learner, on this side, against this mixture, for this budget.

    `opponents` has one mixture per side; the learner's own entry is empty. `parent` is the checkpoint (a blob id) to
    continue from, or None. `budget` is in the algorithm's own units ("env_steps", "iterations", ...).
    """

    algorithm: str
    side: int
    opponents: tuple[Mixture, ...]
    seed: int
    parent: str | None = None
    params: Mapping[str, JSON] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """A hash of every input: the same job always has the same id, on any machine."""
        return hashlib.sha256(canonical(asdict(self)).encode()).hexdigest()[:32]
