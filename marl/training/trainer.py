"""The training loop: slice after slice, each a job that goes on from the last one's checkpoint, then a measurement.

What is finished is in progress.json before the next slice starts, and a slice follows from its job alone, so a run
that was killed goes on as if it had not been.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from marl import rng
from marl.algorithm import Algorithm, Checking, Checkpoint, Planned, Trained, close
from marl.arena import Arena
from marl.blobs import Blobs
from marl.datasets import Dataset
from marl.errors import RunError, UserError
from marl.evaluation import Player, Score, measure
from marl.job import SELF, Job, Mixture
from marl.metrics import Metrics
from marl.policy import Policy
from marl.registry import ALGORITHMS, Component, Registry
from marl.run.pins import Pins
from marl.run.players import Contestant, named, seats, told
from marl.run.start import starting
from marl.scenario import plain
from marl.services import RunServices, explained, train
from marl.snapshot import JSON, canonical
from marl.training.config import TrainConfig
from marl.training.history import History, Slice

_PREVIOUS = "previous"  # the snapshot of the measurement before, as an opponent
_KEPT = 2  # checkpoints: the newest, and the one before, should a disk lose the newest
_EVALUATION = 0x6576616C  # sets the matches of a measurement apart from those of training


class Watcher:
    """Whoever wants to see how it goes; this one looks away."""

    def doing(self, what: str) -> None:
        """What is worked on now."""

    def trained(self, step: int, values: dict[str, float]) -> None:
        """An update is done; `step` env steps since the start of the run."""

    def finished(self, done: Slice) -> None:
        """A slice is done and measured."""


@dataclass
class Trainer:
    """One run. Build it with everything it needs, then iterate `run()`."""

    config: TrainConfig
    registry: Registry
    out: Path
    history: History
    metrics: Metrics
    blobs: Blobs
    pins: Pins
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        config, registry = self.config, self.registry
        said = (self._heard, self._warned)
        self.recorded = self._recorded()
        self.services = RunServices(
            registry, config.env, self.blobs, *said, config.failures, config.compute, self.recorded
        )
        if self.recorded is not None:
            self.recorded.fits(self.services.spec, config.env.name)
        self.sides = len(self.services.spec.sides)
        if config.side >= self.sides:
            raise UserError(f"side: {config.side}, but {config.env.name} has the sides 0 to {self.sides - 1}")
        if config.opponents and self.sides == 1:
            raise UserError(f"opponents: {config.env.name} has one side only, so there is nobody to play against")
        if config.tasks is not None and self.services.spec.tasks is None:
            raise UserError(
                f"tasks: {config.env.name} has no tasks, so there is no curriculum for it: leave `tasks` out"
            )
        self.learner = Contestant(config.name, (), config.env, (config.side,) if config.opponents else None)
        others = set(range(self.sides)) - {config.side}
        self.fixed = [self._other(one, f"opponents[{n}]", others) for n, one in enumerate(config.opponents)]
        against = [self._other(one, f"evaluation.against[{n}]") for n, one in enumerate(config.evaluation.against)]
        self.rivals = list(zip(named(against), against, strict=True))
        self.params, self.algorithm = self._made()
        self.start: Checkpoint | None = None
        if config.start_from is not None:
            found = self.pins.find(config.start_from, "start_from")
            self.start = starting(found, self.algorithm, self.job(1), self.services, config.start_parts)
        if isinstance(self.algorithm, Checking) and not self.fixed:
            self.algorithm.check_job(self.job(1), self.services.spec)
        self._step = self.history.env_steps
        self._drop()  # a killed run may not have come to it
        self._started = time.monotonic() - self.history.seconds

    def _recorded(self) -> Dataset | None:
        """What is learned from instead of playing. Raises UserError where it is of another environment."""
        config = self.config
        if config.dataset is None:
            return None
        dataset, there = Dataset(Path(config.dataset)), canonical(plain(config.env))
        header = dataset.header
        if there != canonical(plain(Component(header.environment, dict(header.params)))):
            raise UserError(
                f"dataset: {config.dataset} is of {Component(header.environment, dict(header.params))}, and env is "
                f"{config.env}"
            )
        return dataset

    def _made(self) -> tuple[dict[str, JSON], Algorithm]:
        """The algorithm, and its parameters as its jobs have them: for the whole run, not for a slice."""
        config, params = self.config, dict(self.config.algorithm.params)
        algorithm: Algorithm = self.registry.make(ALGORITHMS, config.algorithm.name, params)
        if isinstance(algorithm, Planned):
            changes = algorithm.for_run(config.env_steps, len(self.services.spec.agents))
            params |= changes
            algorithm = self.registry.make(ALGORITHMS, config.algorithm.name, params) if changes else algorithm
        return plain(params), algorithm

    @property
    def seconds(self) -> float:
        """Run time so far, over all resumes."""
        return time.monotonic() - self._started

    def run(self) -> Iterator[Slice]:
        """Work until the budget is spent, yielding each finished slice."""
        history = self.history
        while history.env_steps < self.config.env_steps:
            number = len(history.slices) + 1
            self.watcher.doing(f"slice {number}: training")
            yield self._conclude(number, train(self.registry, self.algorithm, self.job(number), self.services))

    def close(self) -> None:
        """Let the algorithm end what it holds."""
        close(self.algorithm)

    def job(self, number: int) -> Job:
        """The job of a slice: the same wherever and whenever it is asked for."""
        config, history = self.config, self.history
        parent = history.checkpoints[-1] if history.checkpoints else None
        if parent is None and self.start is not None:
            parent = self.blobs.put_checkpoint(self.start)
        side = config.side if self.fixed else 0
        return Job(
            algorithm=config.algorithm.name,
            params=self.params,
            side=side,
            opponents=tuple(() if other == side else self._against(other) for other in range(self.sides)),
            seed=int(rng.mix(config.seed, number)[0]),
            parent=parent,
            env=canonical(plain(config.env)),
            budget={"env_steps": self._budget(number)},
            dataset=None if self.recorded is None else self.recorded.id,
            tasks=None if config.tasks is None else {"name": config.tasks.name, **plain(config.tasks.params)},
        )

    def _against(self, side: int) -> Mixture:
        """Who plays a side that is not the learner's: all opponents alike, each by its own mixture; or itself."""
        if not self.fixed:
            return ((SELF, 1.0),)
        share = 1.0 / len(self.fixed)
        return tuple(
            (self.blobs.put_snapshot(snapshot), weight * share)
            for opponent in self.fixed
            for snapshot, weight in opponent.on(side)
        )

    def _other(self, component: Component, where: str, needed: Collection[int] = ()) -> Contestant:
        """Somebody whom the learner meets. Raises UserError, before anything is written, where that cannot be."""
        found, env = self.pins.find(component, where), self.config.env
        if found.env is not None and found.env != env:
            raise UserError(f"{where}: {found.name} learned {found.env}, and this run is about {env}")
        if found.sides is not None and not set(needed) <= set(found.sides):
            raise UserError(f"{where}: {found.name} did not learn to play side {min(set(needed) - set(found.sides))}")
        if self.sides > 1:
            seats(self.learner, found, self.sides)
        found.player(self.registry, self.services.spec)
        return found

    def _conclude(self, number: int, trained: Trained) -> Slice:
        """Keep what was trained, measure it, and write down that the slice is done."""
        if trained.checkpoint is None:
            raise RunError(
                f"{self.config.algorithm.name} gives no checkpoint to go on from: kind: train needs an algorithm that "
                "learns step by step; in a league this one can give best responses"
            )
        if self._step <= self.history.env_steps:  # an algorithm that logs nothing
            self._step = self.history.env_steps + self._budget(number)
        snapshot = self.blobs.put_snapshot(trained.snapshot)
        checkpoint = self.blobs.put_checkpoint(trained.checkpoint)
        scores = {name: score.plain() for name, score in self._measure(number, snapshot)}
        done = Slice(number, self._step, round(self.seconds, 3), snapshot, scores)
        self.metrics.log("slice", done.env_steps, slice=number, snapshot=snapshot, seconds=done.seconds)
        for name, figures in scores.items():
            self.metrics.log("evaluation", done.env_steps, against=name, **figures)
        self._keep(done, checkpoint)
        self.watcher.finished(done)
        return done

    def _budget(self, number: int) -> int:
        """A slice's env steps. What earlier ones went beyond theirs is not taken off: the engine does that."""
        config = self.config
        left = max(config.env_steps - config.slice * (number - 1), config.env_steps - self.history.env_steps)
        return min(config.slice, left)

    def _keep(self, done: Slice, checkpoint: str) -> None:
        history = self.history
        history.slices.append(done)
        if checkpoint not in history.checkpoints:
            history.checkpoints.append(checkpoint)
        history.dropped, history.checkpoints = history.checkpoints[:-_KEPT], history.checkpoints[-_KEPT:]
        history.write(self.out)
        self._drop()

    def _drop(self) -> None:
        for id in self.history.dropped:
            self.blobs.remove(id)

    def _measure(self, number: int, snapshot: str) -> Iterator[tuple[str, Score]]:
        """The snapshot's score against each opponent, by name."""
        evaluation = self.config.evaluation
        last = self._step >= self.config.env_steps
        if evaluation.every == 0 or (number % evaluation.every and not last):
            return
        learner = self.services.snapshot(snapshot)
        drawing = measured = self._player("", self.services.restore(learner))
        if evaluation.greedy:
            measured = self._player("", self.services.restore(told(learner, {"greedy": True}, self.registry)))
        seed = int(rng.mix(self.config.seed, _EVALUATION, number)[0])
        for index, (name, opponent) in enumerate(self._opponents()):
            self.watcher.doing(f"slice {number}: {evaluation.matches:,} matches {'against ' if opponent else ''}{name}")
            rival = opponent.player(self.registry, self.services.spec) if opponent else None
            sides = seats(self.learner, opponent, self.sides) if opponent else None
            player = drawing if name == _PREVIOUS else measured
            with explained(self.config.env, self.registry):
                score = measure(self.arena, player, rival, evaluation.matches, seed + index, sides)
            yield name, score

    def _opponents(self) -> list[tuple[str, Contestant | None]]:
        if self.sides == 1:
            return [("alone", None)]
        before = [past for past in self.history.slices if past.scores]
        found: list[tuple[str, Contestant | None]] = list(self.rivals)
        if self.config.evaluation.previous and before and not self.fixed:
            found.append((_PREVIOUS, Contestant(_PREVIOUS, (((self.services.snapshot(before[-1].snapshot), 1.0),),))))
        return found

    @cached_property
    def arena(self) -> Arena:
        """Where measurements are played, apart from the matches of training, which go on."""
        return self.services.arena(self.config.evaluation.lanes)

    def _player(self, name: str, policy: Policy) -> Player:
        return Player.pure(name, policy, self.sides)

    def _warned(self, text: str) -> None:
        self.metrics.log("warning", self._step, text=text)
        print(f"warning: {text}", file=sys.stderr)

    def _heard(self, step: int, values: dict[str, float]) -> None:
        self._step = step
        self.metrics.log("train", step, **values)
        self.watcher.trained(step, values)
