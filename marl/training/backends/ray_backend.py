"""The ray backend: samplers and learners in processes of their own, on this machine or on a cluster.

With one sampler it plays the matches, fits the rows and ends with the weights of the local backend, to the bit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from marl.algorithm import Checkpoint, Services
from marl.env import EnvSpec
from marl.errors import RunError
from marl.training.backends import Plan, Report, ray_session
from marl.training.backends.local import flat
from marl.training.backends.ray_learners import Learners, RowsLost
from marl.training.backends.ray_runner import Part, load_weights
from marl.training.backends.ray_samplers import Samplers
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.lineup import Lineup
from marl.training.modules import ModuleSpec
from marl.training.networks import NetworkPolicy, moments

_ATTEMPTS = 3


class RayBackend:
    """See `Backend`.

    Weights travel with every request for rows. With `hyper.overlap`, the next rows are played while the learners fit
    the last ones: they come from weights exactly one update old (zero without), and never older. `version` counts the
    updates since the backend was made.
    """

    def __init__(
        self, spec: EnvSpec, learner: type[ColumnLearner], modules: Mapping[str, ModuleSpec], hyper: Hyper
    ) -> None:
        self.spec, self.hyper, self.version = spec, hyper, 0
        ray_session.acquire(self)
        self.samplers = Samplers(spec, modules, hyper, ray_session.cpus())
        self.learners = Learners(learner, modules, hyper, ray_session.cpus())
        networks = {name: module.build(0, name) for name, module in modules.items()}
        self._policy = NetworkPolicy(spec, networks, hyper.sharing)

    @property
    def policy(self) -> NetworkPolicy:
        """A copy of the live policy, in this process."""
        load_weights(self._policy, self.learners.weights)
        return self._policy

    def reset(self, seed: int) -> None:
        """See `Backend`."""
        self.samplers.drop()
        self.learners.reset(seed)

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend`."""
        self.samplers.drop()
        self.learners.load(checkpoint)

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """See `Backend`."""
        self.samplers.start(lineup, services, side, seed, lanes, keep)

    def update(self, plan: Plan) -> Report:
        """See `Backend`. `sample_seconds` is the time that was spent waiting for rows."""
        for _ in range(_ATTEMPTS):
            started = time.perf_counter()
            if not self.samplers.busy:
                self._ask(plan)
            parts, columns = self.samplers.take()
            sampled = time.perf_counter()
            if self.hyper.overlap:
                self._ask(plan)
            try:
                stats = self.learners.fit(columns, plan, moments.together(part.seen for part in parts))
            except RowsLost:
                continue
            seconds = {"sample_seconds": sampled - started, "learn_seconds": time.perf_counter() - sampled}
            seconds["staleness"] = float(self.version - min(part.version for part in parts))
            self.version += 1
            rows, env_steps = sum(part.rows for part in parts), sum(part.env_steps for part in parts)
            metrics = together(parts) | flat(stats, self._policy.networks) | seconds
            failures = [failure for part in parts for failure in part.failures]
            changed, remarks = sum(part.changed for part in parts), [part.remarks for part in parts]
            return Report(rows, env_steps, metrics, failures, changed, remarks)
        raise RunError(f"rows were lost {_ATTEMPTS} times in one update: nodes of the cluster come and go")

    def save(self) -> Checkpoint:
        """See `Backend`."""
        return self.learners.state

    def save_lanes(self) -> Checkpoint | None:
        """See `Backend`. With `overlap`, rows under way are not saved: what resumes plays new ones."""
        return self.samplers.save()

    def close(self) -> None:
        """End samplers and learners, and Ray where it was started for them."""
        self.samplers.close()
        self.learners.close()
        ray_session.release(self)

    def _ask(self, plan: Plan) -> None:
        self.samplers.ask(plan.rows, self.learners.weights, self.version)


def together(parts: Sequence[Part]) -> dict[str, float]:
    """The samplers' statistics as one: matches are added up, means weighted by matches (the values' fit by rows)."""
    if len(parts) == 1:
        return dict(parts[0].stats)
    result: dict[str, float] = {}
    for name in dict.fromkeys(name for part in parts for name in part.stats):
        known = [part for part in parts if name in part.stats]
        if name in ("matches", "void"):
            result[name] = sum(part.stats[name] for part in known)
            continue
        weights = [float(part.rows) if name == "explained_variance" else part.stats["matches"] for part in known]
        values = [part.stats[name] for part in known]
        result[name] = sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)
    return result
