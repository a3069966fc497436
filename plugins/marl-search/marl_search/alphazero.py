"""AlphaZero: a network learns from the searches that it guides, by playing against itself.

An update plays `rows` moves, each after a search that the network guides (`self_play.py`), and then takes gradient
steps on positions whose matches have ended (`learner.py`): towards how often the search tried each action, and towards
who won. Source: Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and Go through
self-play", Science 2018.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint, Services, Trained
from marl.arena import Play
from marl.arena.lineups import Lineup, lineup
from marl.env import EnvSpec, Forkable
from marl.errors import UserError
from marl.job import Job
from marl.snapshot import Snapshot
from marl.training.checkpoint import part, starting
from marl.training.hyper import linear
from marl.training.making import explained
from marl.training.modules import ModuleSpec, module_specs
from marl.training.networks import saved
from marl_search import player
from marl_search.game import searchable
from marl_search.learner import Learner
from marl_search.networks import NetworkJudge, ZeroSum
from marl_search.params import AlphaZeroParams
from marl_search.replay import Replay
from marl_search.self_play import Examples, SelfPlayer

NAME = "search/alphazero"


@dataclass
class Progress:
    """How far a learner has come since its cold start; `credit`: gradient steps that are owed for moves played."""

    env_steps: int = 0
    updates: int = 0
    budget: int = 0
    credit: float = 0.0


@dataclass
class Training:
    """A job that is worked on. `matches`: who may sit where, by which saved matches are known to go on."""

    learner: Learner
    live: SelfPlayer
    examples: Examples
    play: Play
    replay: Replay
    matches: list[list[str]]
    progress: Progress = field(default_factory=Progress)


class AlphaZero:
    """The algorithm. Opponents that stand still are met as well as itself, and searched as if they were itself."""

    def __init__(self, params: AlphaZeroParams | None = None) -> None:
        self.params = params or AlphaZeroParams()

    def for_run(self, env_steps: int, agents: int) -> Mapping[str, Any]:
        """See `marl.algorithm.Planned`: the learning rate goes where it goes over the whole run."""
        return {"horizon": env_steps} if self.params.horizon is None else {}

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        ZeroSum(spec, NAME)
        if job.dataset is not None:
            raise UserError(
                f"dataset: {NAME} learns from what it searches itself, so recorded matches teach it nothing"
            )
        if job.tasks is not None:
            raise UserError(f"tasks: {NAME} plays all tasks alike; leave the curriculum out")
        if job.parent is not None and self.params.horizon is None and self.params.lr_end is not None:
            raise UserError(
                f"{NAME}: the learning rate would start anew with every job that goes on from another; set `horizon` "
                "to the env steps of the whole chain, or leave `lr_end` out"
            )
        lineup(job, spec)
        self._modules(spec)

    def start(self, snapshot: Snapshot, job: Job, services: Services, parts: Collection[str] = ()) -> Checkpoint:
        """A parent for `job` that has the network of a snapshot: one of its own, or of an actor-critic."""
        if snapshot.policy == NAME:
            snapshot = Snapshot(saved.NAME, snapshot.arrays, snapshot.meta)
        begun = starting(self._modules(services.spec), snapshot, parts, job.seed)
        return Checkpoint(begun.arrays, {"progress": vars(Progress())})

    def train(self, job: Job, services: Services) -> Trained:
        """Train for the job's budget (`{"env_steps": n}`, ticks over lanes; else the parameter `env_steps`)."""
        self.check_job(job, services.spec)
        with explained(services):
            training = self._begin(job, services)
            budget = int(job.budget.get("env_steps", self.params.env_steps))
            progress = training.progress
            progress.budget += budget
            horizon = self.params.horizon or budget
            metrics: dict[str, float] = {}
            first = progress.updates
            while progress.env_steps < progress.budget or progress.updates == first:
                metrics = self._update(training, job.seed, min(1.0, progress.env_steps / horizon))
                services.log(progress.env_steps, **metrics)
        plain = {name: value for name, value in metrics.items() if not name.endswith("_seconds")}
        return Trained(self._snapshot(training.learner), _save(training), plain)

    def _begin(self, job: Job, services: Services) -> Training:
        """Take up a job: cold, or where its parent stopped."""
        params, players = self.params, lineup(job, services.spec)
        ((name, module),) = self._modules(services.spec).items()
        learner, replay = Learner(name, module, params, job.seed), Replay(params.capacity)
        judge = NetworkJudge(ZeroSum(services.spec, NAME), {name: learner.network})
        live = SelfPlayer(judge, params.exploration, params.simulations, params.noise, params.drawn)
        parent = None if job.parent is None else services.checkpoint(job.parent)
        progress, lanes, waiting = Progress(), None, None
        if parent is not None:
            learner.load(parent.arrays)
            replay.load(part(parent.arrays, "replay/"))
            progress = Progress(**parent.meta["progress"])
            if parent.meta.get("matches") == _matches(players, params):
                lanes = Checkpoint(part(parent.arrays, "play/"), parent.meta["play"])
                waiting = part(parent.arrays, "waiting/")
        environment = services.environment(params.lanes)
        if not isinstance(searchable(environment, NAME), Forkable):
            raise UserError(f"{NAME} saves matches in progress, and this environment cannot (it is not Forkable)")
        examples = Examples(judge, waiting)
        others = [services.policy(id) for id in players.ids[1:]]
        play = Play(environment, [live, *others], players.source(job.seed), [examples], lanes)
        live.ticks = play.ticks
        return Training(learner, live, examples, play, replay, _matches(players, params), progress)

    def _update(self, training: Training, seed: int, gone: float) -> dict[str, float]:
        """Play, then learn; what to report. `gone`: the part of the horizon that has passed."""
        params, progress, play, examples = self.params, training.progress, training.play, training.examples
        began, before = time.perf_counter(), play.clock
        examples.searched = training.live.simulations = 0
        while examples.searched < params.rows:
            play.tick()
        ticks = (play.clock - before) * params.lanes
        if (ended := examples.take()) is not None:
            training.replay.add(ended)
        results, played = play.drain(), time.perf_counter()
        progress.updates += 1
        lr = linear(params.lr, params.lr_end, gone)
        losses = self._learn(training, int(rng.mix(seed, progress.updates)[0]), lr)
        progress.env_steps += ticks
        return {
            **losses,
            "lr": lr,
            "rows": float(examples.searched),
            "env_steps": float(ticks),
            "simulations": float(training.live.simulations),
            "matches": float(len(results)),
            **({"length": float(results.length.mean())} if len(results) else {}),
            **({"return": float(results.returns[:, 0].mean())} if len(results) else {}),
            "sample_seconds": played - began,
            "learn_seconds": time.perf_counter() - played,
        }

    def _learn(self, training: Training, seed: int, lr: float) -> dict[str, float]:
        params, progress, replay = self.params, training.progress, training.replay
        if len(replay) < params.minibatch:
            return {}
        progress.credit += training.examples.searched * params.reuse / params.minibatch
        told: list[dict[str, float]] = []
        while progress.credit >= 1:
            progress.credit -= 1
            told.append(training.learner.step(replay.draw(params.minibatch, seed + len(told)), lr))
        entropy = -(replay.columns["policy"][: len(replay)] * np.log(replay.columns["policy"][: len(replay)] + 1e-9))
        means = {name: float(np.mean([one[name] for one in told])) for name in told[0]} if told else {}
        return {**means, "search_entropy": float(entropy.sum(axis=1).mean())}

    def _snapshot(self, learner: Learner) -> Snapshot:
        """The network as it is now, and how it plays."""
        plain = saved.save({learner.name: learner.network}, "all", {})
        params = {"simulations": self.params.play_simulations, "exploration": self.params.exploration}
        return replace(plain, policy=player.NAME, meta={**plain.meta, "params": params})

    def _modules(self, spec: EnvSpec) -> dict[str, ModuleSpec]:
        return module_specs(spec, self.params.model, "all", range(len(spec.sides)))


def _matches(players: Lineup, params: AlphaZeroParams) -> list[list[str]]:
    return [[str(params.lanes)], *players.seats]


def _save(training: Training) -> Checkpoint:
    """Network, replay, matches in progress, and the positions that wait for their end."""
    play = training.play.save()
    arrays = training.learner.save()
    for prefix, columns in (
        ("replay/", training.replay.save()),
        ("play/", play.arrays),
        ("waiting/", training.examples.save()),
    ):
        arrays |= {f"{prefix}{name}": column for name, column in columns.items()}
    meta = {"progress": vars(training.progress).copy(), "matches": training.matches, "play": dict(play.meta)}
    return Checkpoint(arrays, meta)
