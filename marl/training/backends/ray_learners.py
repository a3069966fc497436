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

from marl.algorithm import Checkpoint
from marl.compute import Compute
from marl.errors import RunError, UserError
from marl.training.backend import Plan
from marl.training.checkpoint import experience_of, part
from marl.training.experience import Columns, Draw, Experience
from marl.training.hyper import Hyper
from marl.training.learner import ColumnLearner
from marl.training.learner_state import multi_module_spec
from marl.training.modules import ModuleSpec
from marl.training.networks.moments import Seen
from marl.training.parts import Parts
from marl.training.staleness import Bound
from marl.training.update import bounded, learn
from marl.types import Array

References = Sequence["ray.ObjectRef[dict[str, Columns]]"]
Stats = dict[str, dict[str, float]]
_REBUILDS = 3
_GRACE = 3.0  # seconds that the others have to answer once one has failed
warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # columns from Ray's store are only read


class RowsLost(Exception):
    """Columns are gone with the node that held them: play new ones."""


class Learners:
    """`compute.learners` remote learners (0: one in this process) that always agree about the weights.

    `state` is what they hold since the last call, so that killed ones can be built again without losing anything. The
    `experience` is here, with whoever drives them; one that keeps nothing works where they are, see `fit`.
    """

    def __init__(
        self, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper, compute: Compute, cpus: int
    ) -> None:
        self.count, self._modules = compute.learners, dict(modules)
        self.experience, self._staleness = parts.experience(hyper), hyper.staleness
        self._config = parts.learner.configuration(hyper).learners(
            num_learners=compute.learners,
            num_cpus_per_learner=cpus,
            num_gpus_per_learner=compute.gpus_per_learner,
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
        self.experience.reset()
        self._each(_reset, seed)
        self.state = self._first(_save)

    def load(self, checkpoint: Checkpoint) -> None:
        """Put all learners into a saved state, older or newer."""
        self.experience.load(experience_of(checkpoint))
        self._each(_load, checkpoint if self.count == 0 else ray.put(checkpoint))
        self.state = self._first(_save)

    def bound(self, plan: Plan) -> Bound | None:
        """How old rows may be for this update."""
        return bounded(self._staleness, self.experience.keeps, plan.version)

    def fit(self, parts: References, plan: Plan, seen: Mapping[str, Seen]) -> Stats:
        """Take the samplers' columns, and fit all modules together; `seen` is what all their rows were like.

        Columns that are not kept go from the samplers to the learners, by reference. Else they come here, and what is
        drawn goes to the learners. Raises RowsLost where columns are gone.
        """
        if not self.experience.keeps:
            return self._fit(_cut, (self.experience, list(parts), self.bound(plan)), plan, seen)
        self.experience.add(_gathered(parts))
        draw = self.experience.draw(plan.seed, plan.coefficients)
        stats = self._fit(_drawn, draw if self.count == 0 else ray.put(draw), plan, seen)
        self.experience.learned(self._said)
        return stats

    def _fit(self, source: Callable[[Any, Plan], Draw], drawn: Any, plan: Plan, seen: Mapping[str, Seen]) -> Stats:
        for attempt in range(_REBUILDS + 1):
            try:
                answers = self._each(_fit, source, drawn, plan, seen)
                stats, self.state, _ = answers[0]
                self._said = _woven([said for _, _, said in answers])
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
    learner: ColumnLearner,
    rank: int,
    source: Callable[[Any, Plan], Draw],
    drawn: Any,
    plan: Plan,
    seen: Mapping[str, Seen],
) -> tuple[Stats, Checkpoint | None, dict[str, Array]]:
    draw, world = source(drawn, plan), max(1, learner.config.num_learners)
    stats = learn(learner, draw.share(rank, world), plan, seen)
    return stats, learner.save() if rank == 0 else None, learner.said


def _cut(drawn: tuple[Experience, References, Bound | None], plan: Plan) -> Draw:
    """What an experience that keeps nothing draws from the samplers' columns, here where they are learned from."""
    experience, parts, bound = drawn
    gathered = _gathered(parts)
    experience.add(bound(gathered) if bound else gathered)
    return experience.draw(plan.seed, plan.coefficients)


def _drawn(drawn: Draw | ray.ObjectRef[Draw], plan: Plan) -> Draw:
    return ray.get(drawn) if isinstance(drawn, ray.ObjectRef) else drawn


def _gathered(parts: References) -> list[dict[str, Columns]]:
    try:
        return list(ray.get(list(parts)))
    except (ray.exceptions.ObjectLostError, ray.exceptions.RayActorError) as error:
        raise RowsLost(str(error)) from error


def _woven(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """What several learners said of their rows (see `Draw.share`), in the order of the whole draw."""
    result = {}
    for name, first in parts[0].items():
        said = [part[name] for part in parts]
        result[name] = np.empty(sum(map(len, said)), dtype=first.dtype)
        for rank, numbers in enumerate(said):
            result[name][rank :: len(said)] = numbers
    return result


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
