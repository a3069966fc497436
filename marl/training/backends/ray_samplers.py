"""The samplers: RLlib's fault-tolerant manager over our actors. A killed one comes back, and the update goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import ray
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.utils.actor_manager import FaultTolerantActorManager

from marl import rng
from marl.algorithm import Checkpoint, Services
from marl.arena.lineups import Lineup
from marl.env import EnvSpec
from marl.errors import RunError, UserError
from marl.snapshot import Snapshot
from marl.training.backend import Plan
from marl.training.backends.ray_runner import Runner, Start
from marl.training.experience import Columns
from marl.training.hyper import Hyper
from marl.training.lanes import part_of, stream, whole
from marl.training.making import limit, maker
from marl.training.modules import ModuleSpec
from marl.training.parts import Parts
from marl.training.rollout import Batch
from marl.training.update import portion, wanted
from marl.types import Array, Floats

PATIENCE = 300.0  # seconds until an actor that is being (re)started must answer; it imports torch, on a busy machine
REVIVALS = 3  # how often in one update, before something must be wrong for good


T = TypeVar("T")


class Rows(NamedTuple):
    """For one update: batches, where the columns of each are, and batches that came too late to be learned from."""

    batches: list[Batch]
    columns: list[ray.ObjectRef[dict[str, Columns]]]
    late: list[Batch]


class Samplers:
    """`hyper.samplers` actors. Each plays its own matches; sampler 0 plays those that a single one would.

    They are asked for up to `staleness` batches beyond the one that is learned from, and what they played is taken in
    the order in which it was asked for, with the parts of all.
    """

    def __init__(self, spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper, cpus: int) -> None:
        self.count, self._staleness = hyper.samplers, hyper.staleness
        self._each = 0  # env steps of the last update of this job
        # An actor that dies is started again by Ray (on another node where its own is gone); `_revive` waits for it.
        actor: Any = ray.remote(num_cpus=cpus, max_restarts=-1, max_task_retries=0)(Runner)
        config = AlgorithmConfig().framework("torch")
        self._actors = [actor.remote(config, index, spec, parts, dict(modules), hyper) for index in range(self.count)]
        self._manager: Any = FaultTolerantActorManager(self._actors, max_remote_requests_in_flight_per_actor=4)
        self._sent: dict[str, ray.ObjectRef[Snapshot]] = {}
        self._start: Start | None = None
        self._seed = 0
        self._asked: dict[int, dict[str, Any]] = {}  # what is under way, by its number; one `take` for each `ask`
        self._last = 0  # number of what was asked for last
        self.revived = 0  # how often an actor has been replaced
        self._new = True  # nobody has answered yet

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """Play these from now on; `lanes` and `keep` as in `Backend.start`. Rows under way are dropped."""
        self.drop()
        self._prepare(lineup, services, side, seed)
        for index in range(self.count):
            self._begin(index, stream(seed, index), part_of(lanes, index, self.count), keep)

    def rows(self, plan: Plan, weights: Mapping[str, Array], reward: Mapping[str, Array]) -> Rows:
        """What an update learns from. `weights` and `reward` are the newest: what is asked for now, they play."""
        while wanted(self.waiting, self._staleness, plan, self._each):
            self.ask(plan.rows, weights, reward, plan.version, plan.coefficients, plan.tasks)
        batches, columns = self.take()
        self._each = sum(batch.env_steps for batch in batches)
        return Rows(batches, columns, [])

    def meanwhile(self, learn: Callable[[], T]) -> T:
        """What `learn` returns. What the samplers play meanwhile, they were asked for before."""
        return learn()

    def ask(
        self,
        rows: int,
        weights: Mapping[str, Array],
        reward: Mapping[str, Array],
        version: int,
        coefficients: Mapping[str, float] | None = None,
        tasks: Floats | None = None,
    ) -> None:
        """Let everybody play their share of `rows` with these weights and rewards, which travel by reference.

        Samplers take up what they are asked one after the other, and do not wait for each other in between.
        """
        state = {"weights": ray.put(weights), "reward": ray.put(reward), "tasks": tasks}
        self._last += 1
        self._asked[self._last] = {"rows": rows, **state, "version": version, "coefficients": dict(coefficients or {})}
        for index in range(self.count):
            self._send(index, self._last)

    @property
    def waiting(self) -> int:
        """How often was asked for rows that were not taken yet."""
        return len(self._asked)

    def take(self) -> tuple[list[Batch], list[ray.ObjectRef[dict[str, Columns]]]]:
        """Wait for what the earliest `ask` asked for: what every sampler played, and where its columns are."""
        number = min(self._asked)
        parts: dict[int, Batch] = {}
        revivals = 0
        while True:
            for result in self._manager.fetch_ready_async_reqs(tags=f"sample {number}", timeout_seconds=None):
                if result.ok:
                    parts[result.actor_id] = value(result.get())
                else:
                    raise_bugs(result.get())
            lost = [index for index in range(self.count) if index not in parts]
            if not lost:
                break
            revivals += len(lost)
            if revivals > REVIVALS * self.count:
                raise died(lost[0])
            self._revive(lost)
            for index in lost:
                for later in self._asked:  # all that it was asked for went with it
                    self._send(index, later)
        del self._asked[number]
        tag = f"columns {number}"
        references = self._manager.fetch_ready_async_reqs(tags=tag, timeout_seconds=None, return_obj_refs=True)
        found = {result.actor_id: result.get() for result in references}
        return [parts[index] for index in range(self.count)], [found[index] for index in range(self.count)]

    def drop(self) -> None:
        """Forget the rows that are under way, when they have come."""
        self._each = 0
        while self._asked:
            self.take()

    def save(self) -> Checkpoint | None:
        """All matches in progress, or None where the environment cannot save them. Rows under way are not in it."""
        results = self._manager.foreach_actor("save")
        saved = {result.actor_id: value(result.get()) for result in results if result.ok}
        return whole([saved.get(index) for index in range(self.count)])

    def close(self) -> None:
        """End the actors."""
        self._manager.clear()

    def pids(self) -> list[int]:
        """The process of each sampler."""
        return [value(r.get()) for r in self._manager.foreach_actor(_pid)]

    def _prepare(self, lineup: Lineup, services: Services, side: int, seed: int) -> None:
        """Whom to play from now on, for actors that answer."""
        if self._new:
            self._ready(range(self.count))
            self._new = False
        self._sent = {
            id: self._sent[id] if id in self._sent else ray.put(services.snapshot(id)) for id in lineup.ids[1:]
        }
        self._start, self._seed = Start(lineup, self._sent, maker(services), side, limit(services)), seed

    def _begin(self, index: int, seed: int, lanes: Checkpoint | None, keep: bool = False) -> None:
        arguments = {"start": self._start, "seed": seed, "lanes": lanes, "keep": keep}
        for result in self._manager.foreach_actor("start", kwargs=arguments, remote_actor_ids=[index]):
            if not result.ok:
                raise_bugs(result.get())
                raise RunError(f"sampler {index} died when it was to start: {result.get()}")
            value(result.get())

    def _send(self, index: int, number: int) -> None:
        asked = self._asked[number]
        share = {**asked, "rows": portion(asked["rows"], index, self.count)}
        for method, arguments in (("sample", share), ("columns", {})):
            self._manager.foreach_actor_async(
                method, tag=f"{method} {number}", kwargs=arguments, remote_actor_ids=[index], healthy_only=False
            )

    def _revive(self, indices: Sequence[int]) -> None:
        """Wait for fresh actors in these places, and let them play new matches, which nobody has played before."""
        if not indices:
            return
        for index in indices:
            self._manager.set_actor_state(index, healthy=False)
        self._ready(indices)
        for index in indices:
            self._begin(index, self._fresh(index), None)

    def _fresh(self, index: int) -> int:
        """The seed of matches that nobody has played before, for an actor that has replaced another."""
        self.revived += 1
        return int(rng.mix(stream(self._seed, index), self.revived)[0])

    def _ready(self, indices: Sequence[int]) -> None:
        """Wait until these actors answer. Raises RunError where the cluster has no room for them."""
        deadline = time.monotonic() + PATIENCE
        waiting = list(indices)
        while waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._missing(waiting[0])
            results = self._manager.foreach_actor(
                "ping", remote_actor_ids=waiting, healthy_only=False, mark_healthy=True, timeout_seconds=left
            )
            for result in results:
                if result.ok:
                    waiting.remove(result.actor_id)
                else:
                    raise_bugs(result.get())
            if waiting:
                time.sleep(0.2)

    def _missing(self, index: int) -> RunError:
        have = ray.cluster_resources().get("CPU", 0)  # type: ignore[no-untyped-call]
        return RunError(
            f"sampler {index} of {self.count} could not be started within {PATIENCE:.0f} s: "
            f"the Ray cluster has {have:.0f} CPUs; lower samplers or learners, or add nodes"
        )


def died(index: int) -> RunError:
    """The error where a sampler is started again and again in vain."""
    return RunError(
        f"sampler {index} died again and again in one update: is there enough memory, "
        "and does nothing in the environment end its own process?"
    )


def _pid(_: Any) -> int:
    import os

    return os.getpid()


def value(result: Any) -> Any:
    """What an actor answered; raised, where that is an error that is a sentence."""
    if isinstance(result, (UserError, RunError)):
        raise result
    return result


def raise_bugs(error: Any) -> None:
    """Raise what was raised inside an actor; return where the actor itself is gone, which can be mended."""
    if isinstance(error, ray.exceptions.RayTaskError):
        raise RunError(f"a sampler failed: {error}") from error
