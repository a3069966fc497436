"""Samplers whose rows are learned from as they come: each is asked again the moment it answers.

No sampler waits for another, and none for the learner, except where what it would play is sure to be older than
`staleness` allows by the time that it is learned from. What comes too late is dropped, and counted. Which rows come
first depends on the machine, so runs cannot be repeated, and matches in progress are not in checkpoints.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ray
import torch

from marl.algorithm import Checkpoint, Services
from marl.arena.lineups import Lineup
from marl.env import EnvSpec
from marl.training.backend import Plan
from marl.training.backends.ray_runner import Runner
from marl.training.backends.ray_samplers import PATIENCE, REVIVALS, Rows, Samplers, T, died, raise_bugs, value
from marl.training.experience import Columns
from marl.training.hyper import Hyper
from marl.training.lanes import part_of, stream
from marl.training.modules import ModuleSpec
from marl.training.parts import Parts
from marl.training.rollout import Batch
from marl.training.update import portion
from marl.types import Array

_STEP = 0.2  # seconds from one look at an actor that is being started again to the next


@dataclass(frozen=True)
class _Asked:
    """A sampler that is playing. `begun`: what it was to take up before, and has not confirmed yet."""

    index: int
    version: int
    job: int
    columns: ray.ObjectRef[dict[str, Columns]]
    begun: tuple[ray.ObjectRef[Any], ...]


class FreeSamplers(Samplers):
    """See above. Everything happens in the thread that calls; only `learn` of `meanwhile` runs in another one."""

    def __init__(self, spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper, cpus: int) -> None:
        super().__init__(spec, parts, modules, hyper, cpus)
        self._playing: dict[ray.ObjectRef[Batch], _Asked] = {}
        self._waking: dict[ray.ObjectRef[Any], int] = {}  # pings to actors that are being started again
        self._lost: dict[int, float] = {}  # since when
        self._next: dict[int, float] = {}  # when to look for them again
        self._begun: dict[int, tuple[ray.ObjectRef[Any], ...]] = {}
        self._came: deque[tuple[_Asked, Batch]] = deque()
        self._late: list[Batch] = []
        self._newest: dict[str, Any] = {}  # what samplers are asked to play with
        self._job = self._deaths = 0

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """Play these from now on. With `keep`, rows under way count; else they are dropped when they come."""
        self._prepare(lineup, services, side, seed)
        self._newest = {}
        if not keep:
            self._job += 1
            self._came, self._late = deque(), []
        for index in set(range(self.count)) - set(self._lost):
            self._take_up(index, stream(seed, index), part_of(lanes, index, self.count), keep)

    def drop(self) -> None:
        """Nobody waits for anybody: see `start`."""

    def save(self) -> Checkpoint | None:
        """Nothing: whoever goes on from a checkpoint begins new matches."""
        return None

    def rows(self, plan: Plan, weights: Mapping[str, Array], reward: Mapping[str, Array]) -> Rows:
        """The first batches that come and are not too old: as many as there are samplers, whoever played them."""
        state = {"weights": ray.put(weights), "reward": ray.put(reward), "coefficients": dict(plan.coefficients)}
        self._newest = {**state, "version": plan.version, "tasks": plan.tasks, "rows": plan.rows}
        self._deaths = 0
        while self._in_time() < self.count:
            self._serve(batches=(self._staleness + 1) * self.count)
        taken = [self._came.popleft() for _ in range(self.count)]
        late, self._late = self._late, []
        return Rows([batch for _, batch in taken], [asked.columns for asked, _ in taken], late)

    def meanwhile(self, learn: Callable[[], T]) -> T:
        """What `learn` returns, which runs in a thread of its own: whoever answers meanwhile is asked again at once."""
        with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            learned = pool.submit(learn)
            while not learned.done():
                self._serve(batches=self._staleness * self.count, seconds=0.02)
            return learned.result()

    def _in_time(self) -> int:
        """How many batches have come that may be learned from; those that may not any more are put aside."""
        self._late += [batch for asked, batch in self._came if not self._recent(asked)]
        self._came = deque(one for one in self._came if self._recent(one[0]))
        return len(self._came)

    def _recent(self, asked: _Asked) -> bool:
        return asked.job == self._job and asked.version + self._staleness >= self._newest["version"]

    def _serve(self, batches: int, seconds: float = _STEP) -> None:
        """Wait for an answer, and ask whoever gave one again, unless there are `batches` played or being played."""
        self._wake()
        self._ask(batches)
        flying: list[Any] = [*self._playing, *self._waking]
        if not flying:
            time.sleep(seconds)
        ready, _ = ray.wait(flying, num_returns=1, timeout=seconds) if flying else ([], [])
        for reference in ready:
            if reference in self._waking:
                self._woken(reference)
            else:
                self._answered(reference)
        self._ask(batches)

    def _ask(self, batches: int) -> None:
        busy = {asked.index for asked in self._playing.values()} | set(self._lost)
        under_way = sum(map(self._recent, self._playing.values())) + len(self._came)
        for index in [index for index in range(self.count) if index not in busy][: max(0, batches - under_way)]:
            actor, request = (
                self._actors[index],
                {**self._newest, "rows": portion(self._newest["rows"], index, self.count)},
            )
            playing = actor.apply.remote(Runner.sample, **request)
            columns = actor.apply.remote(Runner.columns)
            begun = self._begun.pop(index, ())
            self._playing[playing] = _Asked(index, self._newest["version"], self._job, columns, begun)

    def _answered(self, reference: ray.ObjectRef[Batch]) -> None:
        asked = self._playing.pop(reference)
        try:
            for one in asked.begun:
                value(ray.get(one))
            batch = value(ray.get(reference))
        except ray.exceptions.RayTaskError as error:
            raise_bugs(error)
        except ray.exceptions.RayActorError:
            self._gone(asked.index)
        else:
            if asked.job == self._job:
                self._came.append((asked, batch))

    def _gone(self, index: int) -> None:
        self._deaths += 1
        if self._deaths > REVIVALS * self.count:
            raise died(index)
        self._begun.pop(index, None)
        self._lost[index] = self._next[index] = time.monotonic()

    def _wake(self) -> None:
        """Look, now and then, whether actors that died are there again."""
        now, looked = time.monotonic(), set(self._waking.values())
        for index in [index for index in self._lost if index not in looked and self._next[index] <= now]:
            if now - self._lost[index] > PATIENCE:
                raise self._missing(index)
            self._next[index] = now + _STEP
            self._waking[self._actors[index].ping.remote()] = index

    def _woken(self, reference: ray.ObjectRef[Any]) -> None:
        """An actor has answered: it begins new matches. Or it could not be asked yet."""
        index = self._waking.pop(reference)
        try:
            ray.get(reference)
        except ray.exceptions.RayActorError:
            return
        del self._lost[index]
        self._take_up(index, self._fresh(index), None, False)

    def _take_up(self, index: int, seed: int, lanes: Checkpoint | None, keep: bool) -> None:
        """Let a sampler begin, when it has done what it was asked before."""
        begin = self._actors[index].apply.remote(Runner.start, start=self._start, seed=seed, lanes=lanes, keep=keep)
        self._begun[index] = (*self._begun.get(index, ()), begin)
