"""Algorithms: what turns a job into a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from marl.env import Environment, EnvSpec
from marl.exact_game import ExactGame
from marl.job import Job
from marl.policy import Policy
from marl.snapshot import JSON, Snapshot
from marl.types import Array


@dataclass(frozen=True)
class Checkpoint:
    """What a learner needs to go on exactly where it stopped: arrays and JSON."""

    arrays: Mapping[str, Array]
    meta: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """The outcome of a job. `metrics` are named numbers; `checkpoint` is None for algorithms without state."""

    snapshot: Snapshot
    checkpoint: Checkpoint | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


class Services(Protocol):
    """What the host lends an algorithm while it works on a job."""

    @property
    def spec(self) -> EnvSpec:
        """The environment's."""

    def environment(self, lanes: int) -> Environment:
        """A new environment of the scenario with that many lanes, for whoever asks to keep: nobody else plays on it."""

    def snapshot(self, id: str) -> Snapshot:
        """A stored snapshot. Raises RunError where it is missing or corrupt."""

    def policy(self, id: str) -> Policy:
        """The policy that a stored snapshot holds, ready to act."""

    def exact(self) -> ExactGame:
        """The scenario's game in exact form, built once. Raises UserError where the environment offers none."""

    def checkpoint(self, id: str) -> Checkpoint:
        """A stored checkpoint. Raises RunError where it is missing or corrupt."""

    def log(self, step: int, **values: float) -> None:
        """Report named numbers; they reach metrics.jsonl and the dashboard."""

    def warn(self, text: str) -> None:
        """Tell whoever runs this, in a sentence, of something that went wrong and does not end the job."""


@runtime_checkable
class Planned(Protocol):
    """An algorithm that is told, before a run of many jobs begins, how long that will be."""

    def for_run(self, env_steps: int, agents: int) -> Mapping[str, Any]:
        """Parameters for all jobs of a run of `env_steps`, instead of those it was made with (schedules, for example).

        `agents`: how many the environment has. Raises UserError where the run is too short for it.
        """


@runtime_checkable
class Algorithm(Protocol):
    """Made by calling a registered target with its parameters. `train` is deterministic in the job."""

    def train(self, job: Job, services: Services) -> Trained:
        """Work on a job to its end. Raises UserError where it cannot be done, RunError where it went wrong."""


@runtime_checkable
class Closing(Protocol):
    """An algorithm that holds something between jobs (worker processes, files): a run that is over lets go of it."""

    def close(self) -> None:
        """End what it holds. It may be called twice, and nothing is trained after it."""


def close(algorithm: Algorithm) -> None:
    """Let an algorithm end what it holds, if anything."""
    if isinstance(algorithm, Closing):
        algorithm.close()


@runtime_checkable
class Checking(Protocol):
    """An algorithm that says beforehand which jobs it cannot do: a league asks it before it writes an order down."""

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
