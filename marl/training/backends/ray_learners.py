"""The learners: RLlib's `LearnerGroup`, fed equal shards, and built again from the last state when one dies."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import ray
import torch
from ray.rllib.core.learner.learner_group import LearnerGroup

from marl import tree
from marl.algorithm import Checkpoint
from marl.errors import RunError, UserError
from marl.training.backends import Plan
from marl.training.backends.local import minibatches
from marl.training.checkpoint import part
from marl.training.columns import Columns, join, rows_of
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.modules import ModuleSpec, multi_module_spec
from marl.training.networks.moments import Seen
from marl.types import Array

Parts = Sequence["ray.ObjectRef[dict[str, Columns]]"]
Stats = dict[str, dict[str, float]]
_REBUILDS = 3
_GRACE = 3.0  # seconds that the others have to answer once one has failed
warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # columns from Ray's store are only read


class RowsLost(Exception):
    """Columns are gone with the node that held them: play new ones."""


class Learners:
    """`hyper.learners` remote learners (0: one in this process) that always agree about the weights.

    `state` is what they hold since the last call, so that killed ones can be built again without losing anything.
    """

    def __init__(
        self, learner: type[ColumnLearner], modules: Mapping[str, ModuleSpec], hyper: Hyper, cpus: int
    ) -> None:
        self.count, self._modules = hyper.learners, dict(modules)
        self._config = learner.configuration(hyper).learners(
            num_learners=hyper.learners,
            num_cpus_per_learner=cpus,
            num_gpus_per_learner=hyper.gpus_per_learner,
        )
        self._calls = 0
        self.rebuilt = 0  # how often the group has been built again
        self._group: Any = self._build()
        self.state: Checkpoint = self._first(_save)

    @property
    def weights(self) -> dict[str, Array]:
        """The weights of all learners, by "module/parameter"."""
        return part(self.state.arrays, "weights/")

    def reset(self, seed: int) -> None:
        """A cold start."""
        self._each(_reset, seed)
        self.state = self._first(_save)

    def load(self, checkpoint: Checkpoint) -> None:
        """Put all learners into a saved state, older or newer."""
        self._each(_load, checkpoint if self.count == 0 else ray.put(checkpoint))
        self.state = self._first(_save)

    def fit(self, parts: Parts, plan: Plan, seen: Mapping[str, Seen]) -> Stats:
        """Fit all modules to the samplers' columns together; `seen` is what all their rows were like.

        Raises RowsLost where columns are gone.
        """
        for attempt in range(_REBUILDS + 1):
            try:
                stats, self.state = self._first(_fit, list(parts), plan, seen)
            except _Died as death:
                if attempt == _REBUILDS:
                    raise RunError(f"learners died {_REBUILDS} times in one update: {death}") from death
                self._rebuild()
            else:
                return cast(Stats, stats)
        raise AssertionError

    def each(self, func: Callable[..., Any], *args: Any) -> list[Any]:
        """What a function of the learner (and these arguments) gives, for every learner."""
        return self._each(func, *args)

    def close(self) -> None:
        """End the learners."""
        with contextlib.suppress(Exception):  # those that are dead already do not answer
            self._group.shutdown()
        self._group._is_shut_down = True  # else its destructor tries again, and starts Ray anew for that

    def _build(self) -> LearnerGroup:
        return LearnerGroup(config=self._config, module_spec=multi_module_spec(self._modules))

    def _rebuild(self) -> None:
        for worker in self._group._workers or ():
            ray.kill(worker)  # survivors wait in a collective for one that is gone
        self.close()
        self.rebuilt += 1
        self._group = self._build()
        self._each(_load, ray.put(self.state))

    def _first(self, func: Callable[..., Any], *args: Any) -> Any:
        return self._each(func, *args)[0]

    def _each(self, func: Callable[..., Any], *args: Any) -> list[Any]:
        if self.count == 0:
            return [result.get() for result in self._group.foreach_learner(lambda learner: func(learner, 0, *args))]
        manager = self._group._worker_manager
        ids = manager.actor_ids()
        self._calls += 1
        tag = f"call {self._calls}"  # an answer that comes too late is nobody else's
        manager.foreach_actor_async(
            [_call] * self.count,
            tag=tag,
            kwargs=[{"task": func, "rank": rank, "args": args} for rank in range(self.count)],
            remote_actor_ids=ids,
            healthy_only=False,
        )
        answers: dict[int, Any] = {}
        failures: list[Any] = []
        deadline = float("inf")
        while len(answers) + len(failures) < self.count and time.monotonic() < deadline:
            # In small steps: who waits in a collective for one that has failed never answers.
            for result in manager.fetch_ready_async_reqs(tags=tag, timeout_seconds=0.02 if answers else 0.5):
                if result.ok:
                    answers[result.actor_id] = result.get()
                else:
                    failures.append(result.get())
                    deadline = min(deadline, time.monotonic() + _GRACE)
        if failures:
            error = _sentence(failures)
            if len(answers) + len(failures) < self.count and not isinstance(error, _Died):
                self._rebuild()
            raise error
        return [answers[id] for id in ids]


class _Died(Exception):
    pass


def _call(learner: ColumnLearner, task: Callable[..., Any], rank: int, args: tuple[Any, ...]) -> Any:
    return task(learner, rank, *args)


def _fit(
    learner: ColumnLearner, rank: int, parts: Parts, plan: Plan, seen: Mapping[str, Seen]
) -> tuple[Stats, Checkpoint | None]:
    try:
        columns = join(ray.get(list(parts)))
    except (ray.exceptions.ObjectLostError, ray.exceptions.RayActorError) as error:
        raise RowsLost(str(error)) from error
    world = max(1, learner.config.num_learners)
    counts = {name: stated(mine, plan.minibatch, world) for name, mine in columns.items()}
    shards = {name: shard(mine, rank, world) for name, mine in columns.items()}
    stats = learner.fit(shards, plan.epochs, counts, plan.seed, plan.coefficients, seen)
    return stats, learner.save() if rank == 0 else None


def stated(columns: Columns, size: int, world: int) -> int:
    """Into how many minibatches all `world` learners cut their shards: `size` is what they do together."""
    return max(1, min(minibatches(columns, size), rows_of(columns) // world))


def shard(columns: Columns, rank: int, world: int) -> Columns:
    """Every `world`-th row (or sequence), from `rank` on: counts differ by at most one.

    None is empty: where there are fewer rows than learners, everybody gets all of them, which gives the same gradient.
    """
    count = rows_of(columns)
    if world == 1 or count < world:
        return columns
    index = np.arange(rank, count, world)
    return {name: tree.take(column, index) for name, column in columns.items()}


def _reset(learner: ColumnLearner, rank: int, seed: int) -> None:
    learner.reset(seed)


def _load(learner: ColumnLearner, rank: int, checkpoint: Any) -> None:
    learner.load(ray.get(checkpoint) if isinstance(checkpoint, ray.ObjectRef) else checkpoint)


def _save(learner: ColumnLearner, rank: int) -> Checkpoint:
    return learner.save()


def _sentence(failures: Sequence[Any]) -> Exception:
    """What to raise: what a learner raised, as it was; `_Died` where a process is gone, or waits for one that is."""
    causes = [error.cause if isinstance(error, ray.exceptions.RayTaskError) else None for error in failures]
    for cause, error in zip(causes, failures, strict=True):
        if isinstance(cause, (UserError, RunError, RowsLost)):
            return cause
        if cause is not None and not _collective(cause):
            return RunError(f"a learner failed: {error}")
    return _Died(str(failures[0]))


def _collective(cause: BaseException) -> bool:
    """Whether this is what a survivor says when another learner is gone."""
    text = str(cause).lower()
    words = ("gloo", "nccl", "connection closed", "connection reset", "distbackend")
    return isinstance(cause, torch.distributed.DistError) or any(word in text for word in words)
