"""Policies as players: scripted ones from plugins, and snapshots of leagues. Nothing is unpickled to load one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from league.referee.seat import Answer, Request, Table
from league.referee.verdict import Verdict
from marl import rng, services
from marl.env import Environment, EnvSpec, Rows, Turn
from marl.errors import UserError
from marl.policy import Policy, SearchPolicy, TeamPolicy
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
        return PolicySeat(self.policy, table.spec, table.seed, table.matches)

    def close(self) -> None:
        """There is nothing to end."""


class PolicySeat:
    """A side played by a policy. It answers at once and has no clock; if it fails, that is its crash.

    `matches`: what is played on, for a policy that searches; None for one that does not.
    """

    fd = -1
    timed = False
    blocking = False
    frozen = False

    def __init__(self, policy: Policy, spec: EnvSpec, seed: int, matches: Environment | None = None) -> None:
        self._policy, self._matches = policy, matches
        self._seed = seed
        blank = None if isinstance(policy, TeamPolicy) else policy.memory(1)
        self._team = policy.team_memory(1) if isinstance(policy, TeamPolicy) else None
        self._groups = len(spec.groups)
        self._blank = blank
        self._memory = None if blank is None else np.repeat(blank, len(spec.agents), axis=0)

    def begin(self) -> Answer:
        """It is always ready."""
        return Answer()

    def ask(self, request: Request) -> Answer:
        """Let the policy act: group by group, or for all its agents at once."""
        try:
            chosen = self._choose(request)
        except Exception as error:
            return Answer(fault=Verdict.CRASH, reason=f"the policy failed: {type(error).__name__}: {error}")
        return Answer([chosen[view.agent] for view in request.views])

    def _choose(self, request: Request) -> dict[int, Any]:
        turn: list[Rows | None] = [None] * self._groups
        for group in sorted({view.rows.group for view in request.views}):
            parts = [
                view.rows.take(slice(view.row, view.row + 1)) for view in request.views if view.rows.group == group
            ]
            turn[group] = Rows.concatenate(parts)
        if isinstance(self._policy, TeamPolicy):
            return self._act_together(self._policy, tuple(turn), request.tick)
        chosen: dict[int, Any] = {}
        for rows in turn:
            if rows is not None:
                chosen |= dict(zip(rows.agent.tolist(), self._act(rows, request.tick), strict=True))
        return chosen

    def _act_together(self, policy: TeamPolicy, turn: Turn, tick: int) -> dict[int, Any]:
        """What all agents do that must act. They are one team."""
        teams = [None if rows is None else np.zeros(len(rows), dtype=np.int64) for rows in turn]
        keys = [None if rows is None else rng.mix(self._seed, rows.agent, tick) for rows in turn]
        answered, self._team = policy.act_together(turn, teams, self._team, keys)
        chosen: dict[int, Any] = {}
        for rows, acts in zip(turn, answered, strict=True):
            if rows is not None and acts is not None:
                chosen |= dict(zip(rows.agent.tolist(), _plain(acts.action), strict=True))
        return chosen

    def _act(self, rows: Rows, tick: int) -> list[Any]:
        memory = None
        if self._memory is not None and self._blank is not None:
            memory = self._memory[rows.agent]
            memory[rows.first] = self._blank[0]
        keys = rng.mix(self._seed, rows.agent, tick)
        if isinstance(self._policy, SearchPolicy) and self._matches is not None:
            return _plain(self._policy.search(rows, self._matches, keys).action)
        acts = self._policy.act(rows, memory, keys)
        if self._memory is not None:
            if acts.memory is None:
                raise UserError("it has a memory, but its act() gave none back")
            self._memory[rows.agent] = acts.memory
        return _plain(acts.action)

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


def _plain(action: Array) -> list[Any]:
    """Actions of rows, one by one: choices as Python's integers."""
    return list(action.tolist()) if action.ndim == 1 and action.dtype.kind in "iu" else list(action)
