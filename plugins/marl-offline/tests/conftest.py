"""Learning from recorded matches in this process: a behaviour, what it played, and what came of learning from that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.arena import Arena, Pairings
from marl.datasets import Dataset, recording
from marl.datasets.header import Header, spec_of
from marl.env import Rows
from marl.job import SELF, Job
from marl.policy import Acts
from marl.registry import ALGORITHMS, load_registry
from marl.training.networks import restore
from marl.training.networks.policy import NetworkParams


class Behaviour:
    """A policy of discrete actions whose probabilities are a function of what is seen: `float[K, F] -> float[K, A]`."""

    def __init__(self, probabilities: Callable[[Any, Any], Any]) -> None:
        self.of = probabilities

    def memory(self, rows: int) -> None:
        return None

    def act(self, rows: Rows, memory: Any, keys: Any) -> Acts:
        table = self.probabilities(rows)
        action = rng.choose(keys, table)
        return Acts(action, np.log(table[np.arange(len(rows)), action]))

    def probabilities(self, rows: Rows) -> Any:
        table = np.asarray(self.of(tree.flatten(rows.observation), rows.agent), dtype=np.float64)
        if rows.mask is not None:
            table = table * rows.mask
        return table / table.sum(axis=1, keepdims=True)


class Host:
    """`marl.algorithm.Services` over one environment and what was recorded of it."""

    def __init__(self, make: Callable[[int], Any], recorded: Dataset) -> None:
        self.make, self.spec, self.recorded = make, make(1).spec, recorded
        self.checkpoints: dict[str, Checkpoint] = {}
        self.warnings: list[str] = []

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Checkpoint:
        return self.checkpoints[id]

    def log(self, step: int, **values: float) -> None:
        pass

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def policy(self, id: str) -> Any:
        raise AssertionError("nobody else plays")

    def job(self, name: str, seed: int, **more: Any) -> Job:
        mixtures = tuple(((SELF, 1.0),) if side else () for side in range(len(self.spec.sides)))
        return Job(name, 0, mixtures, seed, dataset=self.recorded.id, **more)


@pytest.fixture(scope="session")
def behaviour() -> type[Behaviour]:
    return Behaviour


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Host]:
    """Services whose dataset is so many matches of a behaviour on all sides."""

    def record(make: Callable[[int], Any], policy: Any, matches: int, seed: int = 0) -> Host:
        root: Path = tmp_path_factory.mktemp("data")
        spec = make(1).spec
        weights = np.ones((1, len(spec.sides), 1))
        about = Header("test/game", {}, spec_of(spec), [{"name": "behaviour"}], weights.tolist(), seed, 1024)
        cast = recording.Cast([policy], weights)
        for _ in recording.record(root, recording.begun(root, about), cast, make, matches):
            pass
        return Host(make, Dataset(root))

    return record


@pytest.fixture(scope="session")
def learned() -> Callable[..., tuple[Any, Any]]:
    """Train: the policy (greedy, unless it is said otherwise) and the learner's engine."""

    def learn(name: str, host: Host, seed: int = 0, greedy: bool = True, **params: Any) -> tuple[Any, Any]:
        algorithm: Any = load_registry().make(ALGORITHMS, name, params)
        job = host.job(name, seed)
        trained = algorithm.train(job, host)
        return restore(host.spec, trained.snapshot, NetworkParams(greedy=greedy)), algorithm.engine(job, host)

    return learn


@pytest.fixture(scope="session")
def returns() -> Callable[..., Any]:
    """The mean returns of a policy on all sides, `float64[S]`."""

    def play(host: Host, policy: Any, matches: int = 64) -> Any:
        arena = Arena(host.environment(min(matches, 64)))
        return arena.play([policy], Pairings.repeat([[0] * len(host.spec.sides)], matches, seed=1)).returns.mean(axis=0)

    return play
