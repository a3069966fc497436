"""Policies as players: scripted ones from plugins, and snapshots of leagues. Nothing is unpickled to load one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from league.referee.seat import Answer, Request, Table
from league.referee.verdict import Verdict
from marl import rng, services
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Policy
from marl.registry import POLICIES, Component, Registry
from marl.services import restore
from marl.snapshot import JSON, Snapshot
from marl.types import Array


class PolicyPlayer:
    """A policy, in the referee's own process. It plays exactly what the arena would have it play with the same seed."""

    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self.policy = policy

    def sit(self, table: Table) -> PolicySeat:
        """A seat with a memory of its own."""
        return PolicySeat(self.policy, table.spec, table.seed)

    def close(self) -> None:
        """There is nothing to end."""


class PolicySeat:
    """A side played by a policy. It answers at once and has no clock; if it fails, that is its crash."""

    fd = -1
    timed = False
    blocking = False
    frozen = False

    def __init__(self, policy: Policy, spec: EnvSpec, seed: int) -> None:
        self._policy = policy
        self._seed = seed
        blank = policy.memory(1)
        self._blank = blank
        self._memory = None if blank is None else np.repeat(blank, len(spec.agents), axis=0)

    def begin(self) -> Answer:
        """It is always ready."""
        return Answer()

    def ask(self, request: Request) -> Answer:
        """Let the policy act, group by group."""
        try:
            chosen = self._choose(request)
        except Exception as error:
            return Answer(fault=Verdict.CRASH, reason=f"the policy failed: {type(error).__name__}: {error}")
        return Answer([chosen[view.agent] for view in request.views])

    def _choose(self, request: Request) -> dict[int, Any]:
        chosen: dict[int, Any] = {}
        for group in sorted({view.rows.group for view in request.views}):
            parts = [
                view.rows.take(slice(view.row, view.row + 1)) for view in request.views if view.rows.group == group
            ]
            rows = Rows.concatenate(parts)
            actions = self._act(rows, request.tick)
            chosen |= dict(zip(rows.agent.tolist(), actions, strict=True))
        return chosen

    def _act(self, rows: Rows, tick: int) -> list[Any]:
        memory = None
        if self._memory is not None and self._blank is not None:
            memory = self._memory[rows.agent]
            memory[rows.first] = self._blank[0]
        acts = self._policy.act(rows, memory, rng.mix(self._seed, rows.agent, tick))
        if self._memory is not None:
            if acts.memory is None:
                raise UserError("it has a memory, but its act() gave none back")
            self._memory[rows.agent] = acts.memory
        action: Array = acts.action
        return list(action.tolist()) if action.ndim == 1 and action.dtype.kind in "iu" else list(action)

    def read(self) -> None:
        """It never answers later."""

    def unsent(self) -> int:
        """Nothing is sent."""
        return -1

    def send(self) -> None:
        """Nothing is sent."""

    def freeze(self) -> None:
        """It does nothing between its moves."""

    def over(self, result: Mapping[str, JSON]) -> None:
        """It does not learn how it ended."""

    def close(self, healthy: bool) -> None:
        """There is nothing to end."""


def scripted(registry: Registry, spec: EnvSpec, name: str, params: Mapping[str, JSON] | None = None) -> PolicyPlayer:
    """The policy that a plugin registered as `name` ("marl/random"). Raises UserError where there is none."""
    name = registry.find(POLICIES, name).full_name
    return from_snapshot(registry, spec, services.scripted(Component(name, dict(params or {}))), name)


def from_snapshot(registry: Registry, spec: EnvSpec, snapshot: Snapshot, name: str = "") -> PolicyPlayer:
    """The policy that a snapshot holds: arrays and JSON, so nothing of it runs. Raises UserError if unknown.

    `marl.run.players.contestant` finds the snapshots of runs and files.
    """
    return PolicyPlayer(name or snapshot.id[:8], restore(registry, spec, snapshot))
