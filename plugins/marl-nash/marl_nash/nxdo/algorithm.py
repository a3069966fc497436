"""Solving a restricted game with any algorithm that learns by self-play, and has no need of the game's tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from marl.algorithm import Algorithm, Checking, Checkpoint, Services, Trained, close
from marl.compute import Compute
from marl.env import Environment, EnvSpec
from marl.errors import UserError
from marl.exact_game import ExactGame
from marl.job import Job
from marl.policy import Policy
from marl.registry import ALGORITHMS, load_registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot
from marl.training.making import compute
from marl_nash.nxdo.game import Members, restricted, restricted_spec
from marl_nash.nxdo.player import snapshot_of


@dataclass
class Params:
    """Who solves it, and whose game it is."""

    solver: Component = component("algorithms", default="nash/nfsp", help="learns the restricted game by self-play")
    members: list[list[str]] = field(default_factory=list)
    """The snapshots of each side's population: `nash/nxdo` fills them in."""


class Restricted:
    """`Services` whose environment is the restricted game. What the true game lends beside it, it does not."""

    def __init__(self, services: Services, members: Members) -> None:
        self._services, self._members = services, members
        self.lender = object()  # matches here go on in no other job
        self.log, self.warn = services.log, services.warn
        self.compute: Compute = compute(services)

    @property
    def spec(self) -> EnvSpec:
        """The restricted game's."""
        return restricted_spec(self._services.spec, max(map(len, self._members)))

    def environment(self, lanes: int) -> Environment:
        """The restricted game, with so many lanes."""
        return restricted(self._services.environment(lanes), self._members)

    def snapshot(self, id: str) -> Snapshot:
        """See `Services`."""
        return self._services.snapshot(id)

    def policy(self, id: str) -> Policy:
        """Nobody plays it but who learns it. Raises UserError."""
        raise UserError("a restricted game is solved by self-play: no other player meets who learns it")

    def exact(self) -> ExactGame:
        """Raises UserError."""
        raise UserError("nash/nxdo is for solvers that play matches; where there is a tree, tabular/xdo solves it")

    def checkpoint(self, id: str) -> Checkpoint:
        """See `Services`."""
        return self._services.checkpoint(id)


class RestrictedSolver:
    """An algorithm for the jobs of `nash/nxdo`: what it learns plays the true game, and needs nothing else to do so."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        members = self.params.members
        if len(members) != len(spec.sides) or not all(members):
            raise UserError(f"{job.algorithm} is to be told whose game it solves: use it with nash/nxdo")
        solver = self._solver()
        if isinstance(solver, Checking):
            solver.check_job(self._inner(job), restricted_spec(spec, max(map(len, members))))

    def train(self, job: Job, services: Services) -> Trained:
        """What the solver learns, as a player of the true game; its metrics. Nobody goes on from it."""
        self.check_job(job, services.spec)
        if compute(services).backend == "ray":
            raise UserError(f"{job.algorithm} plays a game that this process alone has: leave out compute.backend: ray")
        members, solver = self._members(services), self._solver()
        try:
            trained = solver.train(self._inner(job), Restricted(services, members))
        finally:
            close(solver)
        ids = self.params.members
        stored = snapshot_of(trained.snapshot, [[services.snapshot(id) for id in one] for one in ids])
        return Trained(stored, None, trained.metrics)

    def _solver(self) -> Algorithm:
        solver = self.params.solver
        return load_registry().make(ALGORITHMS, solver.name, solver.params)

    def _inner(self, job: Job) -> Job:
        return replace(job, algorithm=self.params.solver.name, params=self.params.solver.params)

    def _members(self, services: Services) -> Sequence[Sequence[Policy]]:
        found = [[services.policy(id) for id in one] for one in self.params.members]
        for ids, policies in zip(self.params.members, found, strict=True):
            for id, policy in zip(ids, policies, strict=True):
                if policy.memory(1) is not None:
                    raise UserError(
                        f"player {id} remembers what it saw while it plays, and whoever is chosen for single decisions "
                        "must not: train best responses with a model.kind without memory (mlp, cnn)"
                    )
        return found
