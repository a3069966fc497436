"""What the league lends to algorithms: environments, stored policies, the exact game, and a log."""

from __future__ import annotations

from functools import cache
from typing import cast

from marl.algorithm import Checkpoint
from marl.blobs import Blobs
from marl.env import Environment, EnvSpec
from marl.metrics import Metrics
from marl.policy import Policy
from marl.registry import Registry
from marl.scenario import Component
from marl.snapshot import Snapshot
from marl.solver import ExactGame


class LeagueServices:
    """`marl.algorithm.Services` over a registry and a blob store."""

    def __init__(self, registry: Registry, env: Component, blobs: Blobs, metrics: Metrics) -> None:
        self.registry = registry
        self.env = env
        self.blobs = blobs
        self.metrics = metrics
        self.iteration = 0  # the one that is worked on
        self.environment = cache(self._environment)
        self.policy = cache(self._policy)
        self.exact = cache(self._exact)

    @property
    def spec(self) -> EnvSpec:
        return self.environment(1).spec

    def snapshot(self, id: str) -> Snapshot:
        """A stored snapshot."""
        return self.blobs.get_snapshot(id)

    def checkpoint(self, id: str) -> Checkpoint:
        """A stored checkpoint."""
        return self.blobs.get_checkpoint(id)

    def log(self, step: int, **values: float) -> None:
        """One line in metrics.jsonl."""
        self.metrics.log("train", step, iteration=self.iteration, **{name: float(v) for name, v in values.items()})

    def _environment(self, lanes: int) -> Environment:
        return cast(Environment, self.registry.make("environments", self.env.name, self.env.params, lanes=lanes))

    def restore(self, snapshot: Snapshot) -> Policy:
        """The policy that a snapshot holds, ready to act."""
        params = snapshot.meta.get("params", {})
        made = self.registry.make("policies", snapshot.policy, params, spec=self.spec, snapshot=snapshot)
        return cast(Policy, made)

    def _policy(self, id: str) -> Policy:
        return self.restore(self.snapshot(id))

    def _exact(self) -> ExactGame:
        return ExactGame(self.environment(1), self.policy)
