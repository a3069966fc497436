"""What a backend is: a learner and whoever samples for it. An engine drives one; which one changes nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from marl.algorithm import Checkpoint, Services
from marl.arena.lineups import Lineup
from marl.snapshot import JSON
from marl.training.networks import NetworkPolicy
from marl.training.rollout import Told
from marl.types import Array, Floats


@dataclass(frozen=True)
class Plan:
    """One update: collect so many rows, and fit with these coefficients. All randomness follows from `seed`.

    `tasks`: how often each task is played in the matches that begin from now on, `float64[T]`; None: as before.
    `version`: how many updates came before. `left`: env steps that are left of the job, so that nobody
    plays what nobody will learn from.
    """

    rows: int
    seed: int
    coefficients: Mapping[str, float]
    tasks: Floats | None = None
    version: int = 0
    left: float = math.inf


@dataclass(frozen=True)
class Report:
    """What an update did. `metrics` are named numbers; with several modules, learner's are "module/name".

    `rows`: those that were learned from. `env_steps`: all that were played.
    `told`: what all samplers told.
    """

    rows: int
    env_steps: int
    metrics: dict[str, float] = field(default_factory=dict)
    told: Told = field(default_factory=Told)


class Backend(Protocol):
    """A learner and whoever samples for it, long-lived: a cold start re-initialises it in place.

    What an update does is told in `marl.training.update`; a backend says where.
    """

    @property
    def recorded(self) -> Mapping[str, JSON]:
        """What is written down of matches besides what always is: those saved by another record cannot go on."""

    @property
    def policy(self) -> NetworkPolicy:
        """The live policy, with the weights as they are after the last update."""

    @property
    def averaged(self) -> Mapping[str, Array]:
        """Averages of weights over updates, by "module/parameter"; nothing where snapshots carry the newest."""

    def reset(self, seed: int) -> None:
        """A cold start: fresh weights and optimisers."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the learner into a state that `save` gave, older or newer."""

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """Play these from now on; with `lanes`, go on with saved matches.

        With `keep`, go on with the matches that are being played: `lanes` are those same ones, should they be lost.
        """

    def update(self, plan: Plan) -> Report:
        """Collect and fit once."""

    def save(self) -> Checkpoint:
        """The learner's state, with the experience that it keeps."""

    def save_lanes(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""

    def close(self) -> None:
        """End the processes that it has started, if any. It is not used afterwards."""
