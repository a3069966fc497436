"""The local backend: samplers and a learner in this process, sharing the weights. It never starts Ray."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from marl.algorithm import Checkpoint, Services
from marl.env import EnvSpec
from marl.snapshot import JSON
from marl.training import making
from marl.training.backends.backend import Plan, Report
from marl.training.backends.playing import (
    fitted,
    flat,
    live_sampler,
    part_of,
    portion,
    recorded,
    report,
    stream,
    wanted,
    whole,
)
from marl.training.checkpoint import averages, experience_of, with_experience
from marl.training.hyper import Hyper
from marl.training.lineup import Lineup
from marl.training.modules import ModuleSpec
from marl.training.networks import NetworkPolicy, moments
from marl.training.parts import Parts
from marl.training.rewards import Rewards
from marl.training.staleness import Bound
from marl.training.update import Batch, LiveSampler, learn
from marl.types import Array


class Local:
    """See `Backend`. The live policy plays the learner's own networks, so weights need not travel."""

    def __init__(self, spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper) -> None:
        self.spec, self.hyper = spec, hyper
        self.learner = parts.learner.make(modules, hyper)
        self.experience = parts.experience(hyper)
        self.rewards = Rewards(hyper.reward, spec, hyper.discount)
        networks = {name: self.learner.network(name) for name in modules}
        self.policy = NetworkPolicy(spec, networks, hyper.sharing, parts.behaviour())
        self.samplers: list[LiveSampler] = []
        self._ahead: deque[list[Batch]] = deque()  # what is played and not learned from yet, with `staleness`
        self._each = 0  # env steps of the last update of this job
        self._services: Services | None = None  # whose environment is played

    @property
    def recorded(self) -> Mapping[str, JSON]:
        """See `Backend`."""
        return recorded(self.experience, self.rewards)

    @property
    def averaged(self) -> Mapping[str, Array]:
        """See `Backend`."""
        return averages(self.learner)

    def reset(self, seed: int) -> None:
        """See `Backend`."""
        self._ahead.clear()
        self.learner.reset(seed)
        self.experience.reset()
        self.rewards.reset(seed)

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend`."""
        self._ahead.clear()
        self.learner.load(checkpoint)
        self.experience.load(experience_of(checkpoint))
        self.rewards.resume(checkpoint)

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """See `Backend`."""
        opponents, count = [services.policy(id) for id in lineup.ids[1:]], self.hyper.samplers
        sources = [lineup.source(stream(seed, index)) for index in range(count)]
        self._ahead.clear()
        self._each = 0
        if keep and self.samplers:
            for sampler, source in zip(self.samplers, sources, strict=True):
                sampler.rollout.go_on(opponents, source, side)
            return
        if self.samplers and making.lender(self._services) is making.lender(services):
            environments = [sampler.rollout.sampler.play.environment for sampler in self.samplers]
        else:
            environments = [services.environment(self.hyper.lanes) for _ in range(count)]
        self._services = services
        self.samplers = [
            live_sampler(
                self.spec,
                self.hyper,
                self.experience,
                self.rewards,
                environments[index],
                self.policy,
                opponents,
                sources[index],
                side,
                part_of(lanes, index, count),
                making.limit(services),
                lambda lanes: services.environment(lanes),
            )
            for index in range(count)
        ]

    def update(self, plan: Plan) -> Report:
        """See `Backend`. Metrics include the seconds that sampling and learning took."""
        if not self.samplers:
            raise ValueError("nothing is being played yet: call start first")
        started = time.perf_counter()
        while wanted(len(self._ahead), self.hyper.staleness, plan, self._each):
            self._ahead.append(self._play(plan))
        batches = self._ahead.popleft()
        sampled = time.perf_counter()
        bound = Bound.of(self.hyper.staleness, self.experience.keeps, plan.version)
        self.experience.add(bound([batch.columns for batch in batches]))
        draw = self.experience.draw(plan.seed, plan.coefficients)
        seen = moments.together(batch.seen for batch in batches)
        stats = learn(self.learner, draw, plan.seed, plan.coefficients, seen)
        self.experience.learned(self.learner.said)
        paid = fitted(self.rewards, batches, plan.seed)
        seconds = {"sample_seconds": sampled - started, "learn_seconds": time.perf_counter() - sampled}
        done = report(batches, bound, flat(stats, self.learner.names) | paid | seconds)
        self._each = done.env_steps
        return done

    def save(self) -> Checkpoint:
        """See `Backend`."""
        return self.rewards.keep(with_experience(self.learner.save(), self.experience.save()))

    def save_lanes(self) -> Checkpoint | None:
        """See `Backend`. What was played ahead is not in it: jobs end with nothing ahead, see `wanted`."""
        return whole([sampler.save() for sampler in self.samplers])

    def close(self) -> None:
        """See `Backend`. Nothing was started."""

    def _play(self, plan: Plan) -> list[Batch]:
        count = self.hyper.samplers
        return [
            sampler.play(portion(plan.rows, index, count), plan.coefficients, plan.tasks, plan.version)
            for index, sampler in enumerate(self.samplers)
        ]
