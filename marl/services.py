"""What a run lends to algorithms: environments, stored policies, the exact game, and a log."""

from __future__ import annotations

import numbers
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, cached_property, partial
from types import NoneType

from marl.algorithm import Algorithm, Checkpoint, Services, Trained
from marl.arena import Arena, Failures, Tolerance, failure
from marl.arena.failure import EnvironmentFailed
from marl.blobs import Blobs
from marl.compute import Compute
from marl.datasets import Dataset
from marl.env import Environment, EnvSpec
from marl.exact_game import ExactGame
from marl.job import Job
from marl.policy import Policy
from marl.recent import Recent
from marl.registry import ALGORITHMS, ENVIRONMENTS, POLICIES, Component, Registry, blamed, wrong
from marl.snapshot import Snapshot

ROOM = 64 * 2**20  # bytes that policies may take which nobody plays with just now
OBJECT = 64 * 2**10  # what a policy takes beside its arrays, roughly


class RunServices:
    """`marl.algorithm.Services` over a registry and a blob store.

    `heard(step, values)` is told what is logged, `warned(text)` what somebody should know. `failures`: how many of the
    environment are put up with. `compute`: where algorithms may work. `recorded`: what may be learned from instead of
    playing.
    """

    def __init__(
        self,
        registry: Registry,
        env: Component,
        blobs: Blobs,
        heard: Callable[[int, dict[str, float]], None],
        warned: Callable[[str], None] = lambda text: print(f"warning: {text}", file=sys.stderr),
        failures: Failures | None = None,
        compute: Compute | None = None,
        recorded: Dataset | None = None,
    ) -> None:
        self.recorded = recorded
        self.registry = registry
        self.env = env
        self.blobs = blobs
        self.heard = heard
        self.warn = warned
        self.failures, self.compute = failures or Failures(), compute or Compute()
        self.lender = object()  # copies for other jobs share it
        self._logged = time.perf_counter()
        self.reproductions = blobs.root.parent / "failures"
        self._policies = Recent(self._policy, ROOM)
        self._game = cache(self._exact)  # copies share it

    @cached_property
    def spec(self) -> EnvSpec:
        """The environment's."""
        return self.environment(1).spec

    def environment(self, lanes: int) -> Environment:
        """A new environment of the scenario."""
        return self.registry.make(ENVIRONMENTS, self.env.name, self.env.params, lanes=lanes)

    def snapshot(self, id: str) -> Snapshot:
        """A stored snapshot."""
        return self.blobs.get_snapshot(id)

    def checkpoint(self, id: str) -> Checkpoint:
        """A stored checkpoint."""
        return self.blobs.get_checkpoint(id)

    def log(self, step: int, **values: float) -> None:
        """Pass on named numbers, with the speed since the last ones: what happened in between counts too."""
        now = time.perf_counter()
        passed, self._logged = now - self._logged, now
        self.heard(step, speeds({name: float(value) for name, value in values.items()}, passed))

    def arena(self, lanes: int) -> Arena:
        """An arena of the scenario's environment, whose failures are put up with as far as `failures` says."""
        return Arena(self.environment(lanes), Tolerance(self.failures, self.environment, self._void))

    def _void(self, failed: EnvironmentFailed) -> None:
        env = {"name": self.env.name, "params": self.env.params}
        self.warn(failure.void(failed, self.environment, env, self.reproductions))

    def restore(self, snapshot: Snapshot) -> Policy:
        """The policy that a snapshot holds, ready to act."""
        return restore(self.registry, self.spec, snapshot)

    def policy(self, id: str) -> Policy:
        """The policy of a stored snapshot. The last ones that were asked for are kept, as far as there is room."""
        return self._policies(id)

    def _policy(self, id: str) -> tuple[Policy, int]:
        snapshot = self.snapshot(id)
        return self.restore(snapshot), OBJECT + sum(array.nbytes for array in snapshot.arrays.values())

    def exact(self) -> ExactGame:
        """The scenario's game in exact form, built once. Raises UserError where the environment offers none."""
        return self._game()

    def _exact(self) -> ExactGame:
        return ExactGame(self.environment(1), self.policy)


def explained(env: Component, registry: Registry) -> AbstractContextManager[None]:
    """Where this environment raises in here: say in which match, and how to play that again."""
    made = partial(registry.make, ENVIRONMENTS, env.name, env.params)
    return failure.explained(lambda lanes: made(lanes=lanes), {"name": env.name, "params": env.params})


def train(registry: Registry, algorithm: Algorithm, job: Job, services: Services) -> Trained:
    """What an algorithm makes of a job. Raises RunError, naming its plugin, where it fails or gives something else."""
    subject, asked, right = registry.describe(ALGORITHMS.name, job.algorithm), "train(job, services)", "a Trained"
    with blamed(subject, asked, right):
        trained = algorithm.train(job, services)
    if not isinstance(trained, Trained) or not isinstance(trained.snapshot, Snapshot):
        raise wrong(subject, asked, trained, f"{right} (marl.algorithm.Trained)")
    if not isinstance(trained.checkpoint, (Checkpoint, NoneType)):
        raise wrong(subject, f"{asked} as the checkpoint", trained.checkpoint, "a marl.algorithm.Checkpoint, or None,")
    for name, value in trained.metrics.items():
        if not isinstance(value, numbers.Real):
            raise wrong(subject, f"{asked} as the metric {name!r}", value, "a number")
    return trained


def speeds(values: dict[str, float], seconds: float) -> dict[str, float]:
    """`values` of an update and, where they say how long its parts took, `env_steps_per_s` and their shares.

    `seconds`: all that was waited for it, with what was saved, loaded and measured before.
    """
    if seconds <= 0 or not {"env_steps", "sample_seconds", "learn_seconds"} <= set(values):
        return values
    return values | {
        "env_steps_per_s": values["env_steps"] / seconds,
        "sampler_share": values["sample_seconds"] / seconds,
        "learner_share": values["learn_seconds"] / seconds,
    }


def restore(registry: Registry, spec: EnvSpec, snapshot: Snapshot) -> Policy:
    """The policy that a snapshot holds, ready to act in this environment. Raises UserError where it does not fit."""
    params = snapshot.meta.get("params", {})
    return registry.make(POLICIES, snapshot.policy, params, spec=spec, snapshot=snapshot)


def scripted(component: Component) -> Snapshot:
    """A policy that needs no training, as a snapshot: its name and its parameters."""
    return Snapshot(component.name, {}, {"params": component.params} if component.params else {})
