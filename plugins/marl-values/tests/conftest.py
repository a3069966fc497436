"""Training in this process, without a league: services over an environment, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl.arena import Arena, Pairings
from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
from marl.training.networks import restore
from marl.training.networks.policy import NetworkParams


class Host:
    """`marl.algorithm.Services` over one environment."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.make, self.spec = make, make(1).spec
        self.checkpoints: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.logged: list[dict[str, float]] = []

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.checkpoints[id]

    def log(self, step: int, **values: float) -> None:
        self.logged.append(values)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def policy(self, id: str) -> Any:
        raise AssertionError("nobody else plays")


@pytest.fixture(scope="session")
def host() -> Callable[..., Host]:
    """Services over a registered environment, or over a function of the lanes."""

    def make(environment: Any, **params: Any) -> Host:
        if isinstance(environment, str):
            registry = load_registry()
            return Host(lambda lanes: registry.make(ENVIRONMENTS, environment, params, lanes=lanes))
        return Host(environment)

    return make


@pytest.fixture(scope="session")
def trained() -> Callable[..., tuple[Any, Any]]:
    """Train a team that is all there is: the greedy policy and the learner's last engine."""

    def train(name: str, services: Any, seed: int = 0, **params: Any) -> tuple[Any, Any]:
        algorithm: Any = load_registry().make(ALGORITHMS, name, params)
        job = Job(name, 0, ((),), seed)
        result = algorithm.train(job, services)
        return restore(services.spec, result.snapshot, NetworkParams(greedy=True)), algorithm.engine(job, services)

    return train


@pytest.fixture(scope="session")
def returns() -> Callable[..., float]:
    """The mean return of a policy that plays for the only side."""

    def play(policy: Any, services: Any, matches: int = 32) -> float:
        played = Arena(services.environment(matches)).play([policy], Pairings.repeat([[0]], matches, seed=1))
        return float(played.returns[:, 0].mean())

    return play
