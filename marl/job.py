"""Jobs: one slice of training."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property

from marl.snapshot import JSON, canonical

Profile = tuple[tuple[str, ...], float]  # (the snapshot of every side, probability)
Mixture = tuple[tuple[str, float], ...]  # (snapshot id, probability), in the order of the population
SELF = "self"  # in a mixture instead of a snapshot id: the live learner itself, as it is now


@dataclass(frozen=True)
class Job:
    """Train this learner, on this side, against this mixture, for this budget.

    `opponents` has one mixture per side; the learner's own entry is empty. Where "self" (`SELF`) is in a mixture, the
    learner plays that side too, and learns from it. `parent` is the checkpoint (a blob id) to continue from, or None.
    `joint` says that opponents are drawn together: their profiles, in which the learner's own entry is "", with
    probabilities that sum to 1; `opponents` are then its marginals. None: every side's is drawn for itself.
    `env` is the canonical JSON of the environment's name and parameters. `budget` is in the algorithm's own units
    ("env_steps", "iterations", ...). `tasks` is the curriculum's name and parameters, or None: all tasks alike.
    `dataset` is the id of recorded matches that are learned from instead of playing, or None.
    """

    algorithm: str
    side: int
    opponents: tuple[Mixture, ...]
    seed: int
    parent: str | None = None
    env: str = ""
    params: Mapping[str, JSON] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    tasks: Mapping[str, JSON] | None = None
    joint: tuple[Profile, ...] | None = None
    dataset: str | None = None

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides that the learner plays: its own, and those where it meets itself."""
        meets = [side for side, mixture in enumerate(self.opponents) if any(id == SELF for id, _ in mixture)]
        return tuple(sorted({self.side, *meets}))

    @cached_property
    def id(self) -> str:
        """A hash of every input: the same job always has the same id, on any machine."""
        inputs = asdict(self)
        if self.tasks is None:
            del inputs["tasks"]  # as before there were tasks
        for later in ("joint", "dataset"):
            if inputs[later] is None:
                del inputs[later]
        return hashlib.sha256(canonical(inputs).encode()).hexdigest()[:32]


def marginals(joint: Sequence[Profile]) -> tuple[Mixture, ...]:
    """The mixture of every side of a joint distribution, in the order in which its players come; "" is left out."""
    sides: list[dict[str, float]] = [{} for _ in joint[0][0]]
    for profile, weight in joint:
        for mixture, id in zip(sides, profile, strict=True):
            if id:
                mixture[id] = mixture.get(id, 0.0) + weight
    return tuple(tuple(mixture.items()) for mixture in sides)
