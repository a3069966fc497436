"""Algorithms with networks: name a learner and its hyper-parameters, get `train`, and the engine that works on jobs.

A job is so many env steps of training against somebody. `RLlibAlgorithm.train` gives it to an `Engine`, which asks its
backend for one update after the other (`marl.training.update` tells what happens in one) until the job's budget is
spent. What comes out is a snapshot, and a checkpoint that the next job may go on from.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from marl import rng
from marl.algorithm import Checkpoint, Services, Trained
from marl.arena.lineups import Lineup, lineup
from marl.compute import Compute
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.snapshot import Snapshot, content_id
from marl.training.backend import Backend, Plan, Report
from marl.training.backends.connect import connect
from marl.training.behaviour import Behaviour
from marl.training.checkpoint import part, starting
from marl.training.experience import Experience
from marl.training.experience.on_policy import OnPolicy
from marl.training.experience.per_channel import PerChannel, discounts
from marl.training.feasible import Data, check_data, check_job
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.making import compute, explained, lender, tell_void
from marl.training.modules import ModuleSpec, module_specs
from marl.training.networks import Heads
from marl.training.parts import Parts
from marl.training.practice import Practice
from marl.training.rewards import Rewards

_LANES, _NEXT = "lanes/", "next_"
_CHANGED = (
    "{} of the matches in progress did not become what they were when they were taken up again, so new ones start in "
    "their place: either chance does not follow from the seed, or a reset leaves something of the last match behind "
    "(adapters have `fresh: true` for that)"
)


class RLlibAlgorithm(abc.ABC):
    """An algorithm on the training engine. A subclass names what it is made of:

        class DQN(RLlibAlgorithm):
            parameters = DQNParams  # a dataclass that inherits `Hyper`
            learner = DQNLearner  # the loss
            experience = Replay  # what is kept of what was played, and how it is cut into batches
            behaviour = EpsilonGreedy  # how it acts while it gathers; evaluation does not use it
            heads = Heads("duelling", value=False)  # what its networks say
            data = "both"  # it may learn from recorded matches too; "recorded": from these alone

    The first two are enough for those that learn from what they have just played. It is made once and works on many
    jobs; engines stay alive in between, one for each set of modules.
    """

    parameters: ClassVar[type[Hyper]]
    learner: ClassVar[type[ColumnLearner]]
    experience: ClassVar[type[Experience]] = OnPolicy
    behaviour: ClassVar[type[Behaviour] | None] = None
    heads: Heads = Heads()
    data: ClassVar[Data] = "played"

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
        check_data(job, self.data, self.hyper, compute(services))
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
        check_data(job, self.data, self.hyper)
        check_job(job, spec, self.hyper)

    def start(self, snapshot: Snapshot, job: Job, services: Services, parts: Collection[str] = ()) -> Checkpoint:
        """A parent for `job` that has the networks of a snapshot, and nothing else of how they were trained.

        `parts`: only weights whose names begin so; the others are new. Raises UserError where they are not those that
        this algorithm would make for the job.
        """
        return starting(self._modules(job, services.spec), snapshot, parts, job.seed)

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
            parts = Parts(self.learner, PerChannel if hyper.per_channel else self.experience, self.behaviour)
            self._engines[key] = Engine(spec, parts, modules, hyper, where)
        return self._engines[key]

    def _modules(self, job: Job, spec: EnvSpec) -> dict[str, ModuleSpec]:
        hyper = self.hyper
        heads = self.heads
        if hyper.per_channel:
            terms = Rewards(hyper.reward, spec, hyper.discount).terms
            heads = replace(heads, critics=len(discounts(hyper, terms)))
        return module_specs(spec, hyper.model, hyper.sharing, lineup(job, spec).sides, hyper.models, heads)


@dataclass
class Progress:
    """How far a learner has come since its cold start."""

    env_steps: int = 0
    rows: int = 0
    updates: int = 0
    budget: int = 0
    """What its jobs were given together. Updates are whole, so they may go a little beyond."""


class Engine:
    """Learner, live policy and matches, kept from one job to the next. A new job costs no restart.

    `begin` a job, `update` until it `done`; `save` gives the checkpoint that another job may go on from. Everything
    follows from the job (and its parent), whatever the engine did before.
    """

    def __init__(
        self,
        spec: EnvSpec,
        parts: Parts,
        modules: Mapping[str, ModuleSpec],
        hyper: Hyper,
        compute: Compute | None = None,
    ) -> None:
        self.spec, self.hyper, self.compute = spec, hyper, compute or Compute()
        self.backend: Backend = connect(spec, parts, modules, hyper, self.compute)
        self.progress = Progress()
        self._job: Job | None = None
        self._matches: dict[str, Any] = {}  # lanes, and who may sit where: saved matches of equals can go on
        self._first = 0
        self._services: Services | None = None
        self._practice: Practice | None = None
        self._remarked: set[str] = set()
        self._adapted: dict[str, float] = {}  # coefficients that learners adapt, as they are now
        self._saved = ""  # the id of the state that the learner and the matches are in, where it was saved
        self.budget = hyper.env_steps

    def begin(self, job: Job, services: Services) -> None:
        """Take up a job: cold, or where its parent stopped. Raises UserError where the parent does not fit.

        Matches in progress go on where as many lanes hold the same players; else new ones start. They stay as they are
        where the parent is what this engine saved last, and are loaded from the parent otherwise: the outcome is the
        same where the environment can save them. One that cannot starts new ones, and a warning says so.
        """
        players = lineup(job, self.spec)
        check_job(job, self.spec, self.hyper)
        before, self._services = self._services, services
        self._job, self._matches = job, self._of(players)
        lanes, keep = None, False
        self._practice = None if job.tasks is None else Practice(job.tasks, self.spec)
        if job.parent is None:
            self.backend.reset(job.seed)
            self.progress, self._adapted = Progress(), {}
        else:
            parent = services.checkpoint(job.parent)
            self._adapted = dict(parent.meta.get("adapted", {}))
            self.backend.load(parent)
            if self._practice is not None:
                self._practice.load(parent)
            so_far = parent.meta["progress"]
            self.progress = Progress(**{"budget": so_far["env_steps"], **so_far})  # older checkpoints have no budget
            matches = parent.meta.get("matches", {})
            if matches.get("dataset", job.dataset) != job.dataset:
                services.warn("the dataset is not the one that was learned from before: its first epoch begins")
            if matches == self._matches:
                keep = lender(services) is lender(before) and self._saved == _id(parent)
                lanes = self._lanes_of(parent, keep)
        with explained(services):
            self.backend.start(players, services, job.side, job.seed, lanes, keep)
        self._saved = ""
        self.budget = int(job.budget.get("env_steps", self.hyper.env_steps))
        self.progress = replace(self.progress, budget=self.progress.budget + self.budget)
        self._first = self.progress.updates

    def _of(self, players: Lineup) -> dict[str, Any]:
        """What matches in progress must have in common to go on; of recorded ones, which they are."""
        if players.dataset is not None:
            return {"dataset": players.dataset}
        return {"lanes": self.hyper.lanes, "players": players.seats, **self.backend.recorded}

    @property
    def done(self) -> bool:
        """Whether the budgets of this job and those before it are spent; each job has at least one update."""
        return self.progress.env_steps >= self.progress.budget and self.progress.updates > self._first

    def update(self) -> dict[str, float]:
        """Collect and fit once; what to report of it."""
        assert self._job is not None and self._services is not None, "begin a job first"
        self._saved = ""
        hyper, progress = self.hyper, self.progress
        horizon = hyper.horizon or self.budget
        number = progress.updates + 1
        coefficients = {**hyper.coefficients(min(1.0, progress.env_steps / horizon)), **self._adapted}
        seed = int(rng.mix(self._job.seed, number)[0])
        tasks = None if self._practice is None else self._practice.weights()
        with explained(self._services):
            left = progress.budget - progress.env_steps
            report = self.backend.update(Plan(hyper.rows, seed, coefficients, tasks, progress.updates, left))
            for failure in report.told.failures:
                tell_void(self._services, failure)
        if report.told.changed:
            self._services.warn(_CHANGED.format(report.told.changed))
        left_out = self._remark(report)
        self._adapted |= adapted(report.metrics, hyper.adapted)
        env_steps, rows = progress.env_steps + report.env_steps, progress.rows + report.rows
        self.progress = Progress(env_steps, rows, number, progress.budget)
        return {
            **report.metrics,
            **coefficients,
            **left_out,
            **({} if self._practice is None else self._practice.learn(*report.told.ended)),
            "rows": float(report.rows),
            "env_steps": float(report.env_steps),
        }

    def _remark(self, report: Report) -> dict[str, float]:
        """Tell each remark of the environment the first time; how often there was one in this update."""
        assert self._services is not None
        remarks = report.told.remarks
        for text in remarks:
            if text not in self._remarked:
                self._services.warn(f"{text} (`left_out` in metrics.jsonl counts how often)")
                self._remarked.add(text)
        return {"left_out": float(sum(remarks.values()))} if remarks else {}

    def run(self, log: Callable[..., None]) -> dict[str, float]:
        """Update until the budget is spent; the last update's metrics. Each is logged at its env steps."""
        metrics: dict[str, float] = {}
        while not self.done:
            metrics = self.update()
            log(self.progress.env_steps, **metrics)
        return metrics

    def snapshot(self) -> Snapshot:
        """What plays, as it is now: with averaged weights where the algorithm says so."""
        newest = self.backend.policy.snapshot()
        return replace(newest, arrays={**newest.arrays, **self.backend.averaged})

    def save(self) -> Checkpoint:
        """Learner, progress, and matches in progress (where the environment can save them)."""
        state, lanes = self.backend.save(), self.backend.save_lanes()
        arrays = dict(state.arrays)
        meta = {**state.meta, "progress": vars(self.progress).copy(), "matches": self._matches}
        if self._adapted:
            meta["adapted"] = dict(self._adapted)
        if self._practice is not None:
            arrays |= self._practice.save()
        if lanes is not None:
            arrays |= {f"{_LANES}{name}": array for name, array in lanes.arrays.items()}
            meta["play"] = dict(lanes.meta)
        saved = Checkpoint(arrays, meta)
        self._saved = _id(saved)
        return saved

    def _lanes_of(self, parent: Checkpoint, keep: bool) -> Checkpoint | None:
        """The matches in progress of a parent that had the same players; None where it could not save them."""
        if "play" in parent.meta:
            return Checkpoint(part(parent.arrays, _LANES), parent.meta["play"])
        if not keep and not self.hyper.free:  # whose matches in progress are never saved
            assert self._services is not None
            self._services.warn("this environment cannot save matches in progress, so new ones start where others were")
        return None


def adapted(metrics: Mapping[str, float], names: Collection[str]) -> dict[str, float]:
    """The next value of each of these coefficients, or of that of each module (`MODULE/NAME`), as losses report it."""
    found = {}
    for key, value in metrics.items():
        module, slash, name = key.rpartition("/")
        if name.startswith(_NEXT) and name.removeprefix(_NEXT) in names:
            found[f"{module}{slash}{name.removeprefix(_NEXT)}"] = value
    return found


def _id(checkpoint: Checkpoint) -> str:
    return content_id(checkpoint.arrays, dict(checkpoint.meta))
