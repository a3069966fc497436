"""Services over a game in this process, an algorithm that needs no plugin, and windows of made-up rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from marl.algorithm import Checkpoint
from marl.env import Environment, EnvSpec
from marl.policy import Policy
from marl.registry import POLICIES, load_registry
from marl.snapshot import Snapshot
from marl.trajectory import Last, Trajectory

# Without torch there is nothing to train: the core is tested without it.
_TORCH = [
    "test_advantages.py",
    "test_engine.py",
    "test_optimisers.py",
    "test_reading.py",
    "test_replay.py",
    "test_returns.py",
    "test_sequences.py",
    "test_staleness.py",
    "test_statistics.py",
    "test_told.py",
]
collect_ignore = [] if find_spec("torch") else _TORCH


class Services:
    """`marl.algorithm.Services` over dicts: what was trained is put in by hand."""

    def __init__(self, make: Callable[[int], Environment]) -> None:
        self.make = make
        self.snapshots = {"random": Snapshot("marl/random", {}), "first": Snapshot("marl/first", {})}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.warnings: list[str] = []

    @cached_property
    def spec(self) -> EnvSpec:
        return self.environment(1).spec

    def environment(self, lanes: int) -> Environment:
        return self.make(lanes)

    def snapshot(self, id: str) -> Snapshot:
        return self.snapshots[id]

    def policy(self, id: str) -> Policy:
        snapshot = self.snapshots[id]
        policy: Policy = load_registry().make(POLICIES, snapshot.policy, {}, spec=self.spec, snapshot=snapshot)
        return policy

    def checkpoint(self, id: str) -> Checkpoint:
        return self.checkpoints[id]

    def exact(self) -> Any:
        from marl.exact_game import ExactGame

        return ExactGame(self.environment(1), self.policy)

    def log(self, step: int, **values: float) -> None:
        self.logged.append((step, values))

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def services() -> Callable[[Callable[[int], Environment]], Services]:
    return Services


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """Ray is started once for all tests that ask for it, which takes seconds: somebody uses it throughout."""
    from marl.training.backends import ray_session

    with ray_session.held():
        yield


@pytest.fixture(scope="session")
def gradient() -> Any:
    """The plain policy gradient with a value loss, as a third party would write it."""
    pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
    from marl.training.algorithm import RLlibAlgorithm
    from marl.training.hyper import OnPolicyHyper
    from marl.training.learner import ColumnLearner

    @dataclass(kw_only=True)
    class Params(OnPolicyHyper):
        entropy: float = 0.0

    class Learner(ColumnLearner):
        def loss(self, module_id: str, batch: Any, inputs: Any, value: Any) -> Any:
            distribution = self.distribution(module_id)
            ratio = (distribution.logp(inputs, batch["action"]) - batch["logp"]).exp()
            advantage = self.normalised(batch["advantage"])
            policy_loss = -(ratio.clamp(0.0, 2.0) * advantage).mean()
            value_loss = (value - batch["target"]).square().mean()
            entropy = distribution.entropy(inputs).mean()
            loss = policy_loss + 0.5 * value_loss - self.hyper.entropy * entropy
            return loss, {"policy_loss": policy_loss.detach(), "entropy": entropy.detach()}

    class Gradient(RLlibAlgorithm):
        learner = Learner
        parameters = Params

        def __init__(self, params: Params | None = None, **named: Any) -> None:  # tests name what matters to them
            super().__init__(params or Params(**named))

    return Gradient


@pytest.fixture
def window() -> Callable[..., Trajectory]:
    """A window from arrays: what matters is given, the rest is blank."""

    def make(**columns: Any) -> Trajectory:
        count = len(columns["clock"])
        number, flag = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
        blank = dict.fromkeys(("match", "lane", "agent", "player", "tick", "version"), number)
        blank |= dict.fromkeys(("first", "terminated", "truncated"), flag)
        blank |= {"observation": np.zeros((count, 1), np.float32), "mask": None, "action": number, "memory": None}
        blank |= {"logp": np.zeros(count), "value": np.zeros(count), "reward": np.zeros(count)}
        blank |= {"next_row": number - 1, "last_row": number - 1, "last": Last(np.zeros((0, 1)), None, None)}
        return Trajectory(**{**blank, "group": 0, "info": {}, "unassigned": np.zeros(1), **columns})

    return make
