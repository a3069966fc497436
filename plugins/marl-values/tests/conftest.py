"""Training in this process, without a league: services over an environment, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl import tree
from marl.arena import Arena, Pairings
from marl.job import Job
from marl.registry import ALGORITHMS, load_registry
from marl.testing import Host
from marl.training.networks import restore
from marl.training.networks.policy import NetworkParams


@pytest.fixture(scope="session")
def host() -> type[Host]:
    """Services over a registered environment, or over a function of the lanes."""
    return Host


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
def fitted() -> Callable[..., tuple[Any, Any]]:
    """Fit a team to all matches that can be played, each as often as the others, with no more than `steps` gradient
    steps: its engine, and these matches as columns, in the order of what was chosen."""

    def fit(name: str, services: Any, steps: int, lr: float, seed: int = 0, **params: Any) -> tuple[Any, Any]:
        algorithm: Any = load_registry().make(ALGORITHMS, name, {"lanes": 64, "rows": 256, "lr": lr, **params})
        job = Job(name, 0, ((),), seed)
        engine = algorithm.engine(job, services)
        engine.begin(job, services)
        columns = engine.backend.samplers[0].play(256, {"epsilon": 1.0}).columns["side0"]
        modules = sorted(columns["agents"].items())
        chosen = np.concatenate([part["action"] for _, part in modules], 2)
        _, first = np.unique(chosen.reshape(len(chosen), -1), axis=0, return_index=True)
        columns = tree.map_tree(lambda leaf: leaf[first], columns)
        engine.backend.learner.fit({"side0": columns}, steps, {"side0": 1}, seed, {"lr": lr}, shuffled=False)
        return engine, columns

    return fit


@pytest.fixture(scope="session")
def returns() -> Callable[..., float]:
    """The mean return of what an engine has learned, greedily, for the only side."""

    def play(engine: Any, services: Any, matches: int = 8) -> float:
        policy = restore(services.spec, engine.snapshot(), NetworkParams(greedy=True))
        played = Arena(services.environment(matches)).play([policy], Pairings.repeat([[0]], matches, seed=1))
        return float(played.returns[:, 0].mean())

    return play
