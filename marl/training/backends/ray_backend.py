"""The ray backend: samplers and learners in processes of their own, on this machine or on a cluster.

With one sampler it plays the matches, fits the rows and ends with the weights of the local backend, to the bit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from marl.algorithm import Checkpoint, Services
from marl.arena.lineups import Lineup
from marl.compute import Compute
from marl.env import EnvSpec
from marl.errors import RunError
from marl.snapshot import JSON
from marl.training.backend import Plan, Report
from marl.training.backends import ray_session
from marl.training.backends.ray_free import FreeSamplers
from marl.training.backends.ray_learners import Learners, RowsLost
from marl.training.backends.ray_runner import load_weights
from marl.training.backends.ray_samplers import Samplers
from marl.training.checkpoint import AVERAGE, part, with_experience
from marl.training.hyper import Hyper
from marl.training.lanes import recorded
from marl.training.modules import ModuleSpec
from marl.training.networks import NetworkPolicy, player
from marl.training.parts import Parts
from marl.training.rewards import Rewards
from marl.training.update import fitted, flat, report, seen
from marl.types import Array

_ATTEMPTS = 3


class RayBackend:
    """See `Backend`.

    Weights travel with every request for rows. With `hyper.staleness`, samplers are asked for up to so many further
    batches before one is learned from, each with the newest weights that there are: batch k is played with those after
    update k - `staleness`, whoever is fast or slow. With `hyper.free`, see `ray_free` instead.
    """

    def __init__(
        self, spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper, compute: Compute
    ) -> None:
        self.spec, self.hyper = spec, hyper
        self.rewards = Rewards(hyper.reward, spec, hyper.discount)
        networks = {name: module.build(0, name) for name, module in modules.items()}
        self._policy = player(spec, networks, hyper.sharing)
        samplers = FreeSamplers if hyper.free else Samplers
        ray_session.acquire(self)
        try:
            self.samplers = samplers(spec, parts, modules, hyper, ray_session.cpus())
            self.learners = Learners(parts, modules, hyper, compute, ray_session.cpus())
        except BaseException:
            ray_session.release(self)
            raise

    @property
    def policy(self) -> NetworkPolicy:
        """A copy of the live policy, in this process."""
        load_weights(self._policy, self.learners.weights)
        return self._policy

    @property
    def recorded(self) -> Mapping[str, JSON]:
        """See `Backend`."""
        return recorded(self.learners.experience, self.rewards)

    @property
    def averaged(self) -> Mapping[str, Array]:
        """See `Backend`."""
        return part(self.learners.state.arrays, AVERAGE)

    def reset(self, seed: int) -> None:
        """See `Backend`."""
        self.samplers.drop()
        self.learners.reset(seed)
        self.rewards.reset(seed)

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend`."""
        self.samplers.drop()
        self.learners.load(checkpoint)
        self.rewards.resume(checkpoint)

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """See `Backend`."""
        self.samplers.start(lineup, services, side, seed, lanes, keep)

    def update(self, plan: Plan) -> Report:
        """See `Backend`. `sample_seconds` is the time that was spent waiting for rows."""
        for _ in range(_ATTEMPTS):
            started = time.perf_counter()
            batches, columns, late = self.samplers.rows(plan, self.learners.weights, self.rewards.save())
            sampled = time.perf_counter()
            fit = partial(self.learners.fit, columns, plan, seen(batches))
            try:
                stats = self.samplers.meanwhile(fit)
            except RowsLost:
                continue
            paid = fitted(self.rewards, batches, plan.seed)
            seconds = {"sample_seconds": sampled - started, "learn_seconds": time.perf_counter() - sampled}
            told = flat(stats, self._policy.networks) | paid | seconds
            return report([*batches, *late], self.learners.bound(plan), plan.version, told)
        raise RunError(f"rows were lost {_ATTEMPTS} times in one update: nodes of the cluster come and go")

    def save(self) -> Checkpoint:
        """See `Backend`."""
        return self.rewards.keep(with_experience(self.learners.state, self.learners.experience.save()))

    def save_lanes(self) -> Checkpoint | None:
        """See `Backend`. What is under way is not in it: jobs end with nothing under way, see `wanted`."""
        return self.samplers.save()

    def close(self) -> None:
        """End samplers and learners, and Ray where it was started for them."""
        self.samplers.close()
        self.learners.close()
        ray_session.release(self)
