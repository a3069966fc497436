"""The local backend: a sampler and a learner in this process, sharing the weights. It never starts Ray."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from marl.algorithm import Checkpoint, Services
from marl.env import EnvSpec
from marl.training import making
from marl.training.backends import Plan, Report
from marl.training.columns import Columns, rows_of
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.lineup import Lineup
from marl.training.modules import ModuleSpec
from marl.training.networks import NetworkPolicy, module_ids
from marl.training.rollout import Rollout


class Local:
    """See `Backend`. The live policy plays the learner's own networks, so weights need not travel."""

    def __init__(
        self, spec: EnvSpec, learner: type[ColumnLearner], modules: Mapping[str, ModuleSpec], hyper: Hyper
    ) -> None:
        self.spec, self.hyper = spec, hyper
        self.learner = learner.make(modules, hyper)
        networks = {name: self.learner.network(name) for name in modules}
        self.policy = NetworkPolicy(spec, networks, hyper.sharing)
        self._rollout: Rollout | None = None
        self._services: Services | None = None  # whose environment is played

    @property
    def rollout(self) -> Rollout:
        """The matches in progress."""
        if self._rollout is None:
            raise ValueError("nothing is being played yet: call start first")
        return self._rollout

    def reset(self, seed: int) -> None:
        """See `Backend`."""
        self.learner.reset(seed)

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend`."""
        self.learner.load(checkpoint)

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """See `Backend`."""
        opponents, source = [services.policy(id) for id in lineup.ids[1:]], lineup.source(seed)
        if keep and self._rollout is not None:
            self._rollout.go_on(opponents, source, side)
            return
        if self._rollout is not None and self._services is services:
            environment = self._rollout.sampler.play.environment
        else:
            environment = services.environment(self.hyper.lanes)
        self._services = services
        self._rollout = Rollout(
            environment,
            self.policy,
            opponents,
            source,
            module_ids(self.spec, self.hyper.sharing),
            side,
            self.hyper.discount,
            self.hyper.trace,
            self.hyper.sequence,
            lanes,
            making.limit(services),
            lambda lanes: services.environment(lanes),
        )

    def update(self, plan: Plan) -> Report:
        """See `Backend`. Metrics include the seconds that sampling and learning took."""
        started = time.perf_counter()
        batch = self.rollout.collect(plan.rows)
        sampled = time.perf_counter()
        counts = {name: minibatches(columns, plan.minibatch) for name, columns in batch.columns.items()}
        fitted = self.learner.fit(batch.columns, plan.epochs, counts, plan.seed, plan.coefficients, batch.seen)
        seconds = {"sample_seconds": sampled - started, "learn_seconds": time.perf_counter() - sampled}
        metrics = batch.stats | flat(fitted, self.learner.names) | seconds
        return Report(batch.rows, batch.env_steps, metrics, batch.failures, batch.changed, [batch.remarks])

    def save(self) -> Checkpoint:
        """See `Backend`."""
        return self.learner.save()

    def save_lanes(self) -> Checkpoint | None:
        """See `Backend`."""
        return self.rollout.save()

    def close(self) -> None:
        """See `Backend`. Nothing was started."""


def minibatches(columns: Columns, size: int) -> int:
    """Into how many parts of about `size` rows a module's columns are cut; at least one, and none empty."""
    count = rows_of(columns)
    rows = int(columns["valid"].sum()) if "valid" in columns else count
    return max(1, min(count, round(rows / size)))


def flat(stats: Mapping[str, Mapping[str, float]], modules: Collection[str]) -> dict[str, float]:
    """The learner's statistics as one dict: by name where it has one module, else by "module/name"."""
    if len(modules) == 1:
        return dict(next(iter(stats.values())))
    return {f"{module}/{name}": value for module, values in stats.items() for name, value in values.items()}
