"""Backends: where sampling and learning happen. An engine drives one; which one changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from marl.algorithm import Checkpoint, Services
from marl.training.lineup import Lineup
from marl.training.networks import NetworkPolicy


@dataclass(frozen=True)
class Plan:
    """One update: collect so many rows, and fit them with these coefficients. All randomness follows from `seed`."""

    rows: int
    epochs: int
    minibatch: int
    seed: int
    coefficients: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """What an update did. `metrics` are named numbers; with several modules, learner's are "module/name"."""

    rows: int
    env_steps: int
    metrics: dict[str, float] = field(default_factory=dict)


class Backend(Protocol):
    """A learner and whoever samples for it, long-lived: a cold start re-initialises it in place."""

    @property
    def policy(self) -> NetworkPolicy:
        """The live policy, with the weights as they are after the last update."""

    def reset(self, seed: int) -> None:
        """A cold start: fresh weights and optimisers."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the learner into a state that `save` gave, older or newer."""

    def start(self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None) -> None:
        """Play these from now on; with `lanes`, go on with saved matches."""

    def update(self, plan: Plan) -> Report:
        """Collect and fit once."""

    def save(self) -> Checkpoint:
        """The learner's state."""

    def save_lanes(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
