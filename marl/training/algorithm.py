"""The base of algorithms with networks: name a learner and its hyper-parameters, get `train`."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from marl.algorithm import Checkpoint, Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.snapshot import Snapshot
from marl.training.behaviour import Behaviour
from marl.training.behaviour.sampled import Sampled
from marl.training.checkpoint import starting
from marl.training.engine import Engine
from marl.training.experience import Experience
from marl.training.experience.on_policy import OnPolicy
from marl.training.feasible import check_job
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.lineup import lineup
from marl.training.making import compute
from marl.training.modules import ModuleSpec, module_specs
from marl.training.networks import Heads
from marl.training.parts import Parts


class RLlibAlgorithm(abc.ABC):
    """An algorithm on the training engine. A subclass names what it is made of:

        class DQN(RLlibAlgorithm):
            parameters = DQNParams  # a dataclass that inherits `Hyper`
            learner = DQNLearner  # the loss
            experience = Replay  # what is kept of what was played, and how it is cut into batches
            behaviour = EpsilonGreedy  # how it acts while it gathers; evaluation does not use it
            heads = Heads("duelling", value=False)  # what its networks say

    The first two are enough for those that learn from what they have just played. It is made once and works on many
    jobs; engines stay alive in between, one for each set of modules.
    """

    parameters: ClassVar[type[Hyper]]
    learner: ClassVar[type[ColumnLearner]]
    experience: ClassVar[type[Experience]] = OnPolicy
    behaviour: ClassVar[type[Behaviour]] = Sampled
    heads: Heads = Heads()

    def __init__(self, params: Hyper | None = None) -> None:
        self.hyper = params or self.parameters()
        if self.hyper.free and self.experience.keeps:
            raise UserError(
                "free: true is for algorithms that learn from what was just played; what is kept here links rows in "
                "the order in which they were played, so leave `free` out (`staleness` works)"
            )
        self._engines: dict[tuple[str, ...], Engine] = {}

    def train(self, job: Job, services: Services) -> Trained:
        """Train for the job's budget (`{"env_steps": n}`, ticks over lanes; else the parameter `env_steps`).

        The metrics are those of the last update, without its times: the same job has the same outcome.
        """
        engine = self.engine(job, services)
        engine.begin(job, services)
        metrics = {name: value for name, value in engine.run(services.log).items() if not name.endswith("_seconds")}
        return Trained(engine.snapshot(), engine.save(), metrics)

    def for_run(self, env_steps: int, agents: int) -> Mapping[str, int]:
        """See `marl.algorithm.Planned`: schedules whose `horizon` is open run over the whole run."""
        if self.hyper.rows > env_steps * agents:
            raise UserError(
                f"algorithm.rows: an update of {self.hyper.rows} rows is more than the whole run, env_steps: "
                f"{env_steps}, can bring; make `rows` smaller"
            )
        return {"horizon": env_steps} if self.hyper.horizon is None else {}

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job, whatever is played."""
        check_job(job, spec, self.hyper)

    def start(self, snapshot: Snapshot, job: Job, services: Services) -> Checkpoint:
        """A parent for `job` that has the networks of a snapshot, and nothing else of how they were trained.

        Raises UserError where they are not those that this algorithm would make for the job.
        """
        return starting(self._modules(job, services.spec), snapshot)

    def close(self) -> None:
        """See `marl.algorithm.Closing`: end samplers and learners, and Ray where it was started for them."""
        for engine in self._engines.values():
            engine.backend.close()
        self._engines = {}

    def engine(self, job: Job, services: Services) -> Engine:
        """The engine for the sides that learn in this job."""
        spec, hyper = services.spec, self.hyper
        modules = self._modules(job, spec)
        key = tuple(sorted(modules))
        where = compute(services)
        known = self._engines.get(key)
        if known is not None and known.compute != where:
            known.backend.close()
        if known is None or known.spec != spec or known.compute != where:
            parts = Parts(self.learner, self.experience, self.behaviour)
            self._engines[key] = Engine(spec, parts, modules, hyper, where)
        return self._engines[key]

    def _modules(self, job: Job, spec: EnvSpec) -> dict[str, ModuleSpec]:
        hyper = self.hyper
        return module_specs(spec, hyper.model, hyper.sharing, lineup(job, spec).sides, hyper.models, self.heads)
