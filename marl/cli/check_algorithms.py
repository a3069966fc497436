"""What `marl plugins check` does to an algorithm: short jobs in the first small game that it takes."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from marl.algorithm import Algorithm, Trained, close
from marl.arena import Arena, Pairings
from marl.blobs import Blobs
from marl.cli.check_runs import Doubtful, own_games
from marl.datasets import Dataset
from marl.datasets.header import Header, spec_of
from marl.datasets.recording import Cast, begun, each, record
from marl.env import Environment
from marl.errors import RunError, UserError
from marl.job import SELF, Job, Mixture
from marl.registry import ALGORITHMS, ENVIRONMENTS, POLICIES, Component, Descriptor, Registry
from marl.services import RunServices, scripted, train
from marl.testing.games.seldom import seldom

# The first action earns 1 and the other nothing, whatever the other side does: whoever learns anything learns this.
_PLAIN = {"payoffs": [[[1.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]]}
_GAMES = (
    Component("classic/matrix", _PLAIN),
    Component("classic/kuhn_poker"),
    Component("classic/tic_tac_toe"),
    Component("classic/two_step"),
    Component("classic/team_matrix"),
    Component("gymnasium/pendulum"),
    Component("coop/spread"),
)
_SMALL = {
    "lanes": 8,
    "rows": 64,
    "minibatch": 32,
    "capacity": 1000,
    "warmup": 32,
    "epochs": 1,
    "simulations": 4,
    "horizon": 8192,
    "traversals": 64,
    "play_steps": 300,
}
_BUDGETS: dict[str, tuple[dict[str, float], ...]] = {  # by the parameter that a job's budget overrules
    "env_steps": ({"env_steps": 128},),
    "iterations": ({"iterations": 2},),
    "": ({"env_steps": 128}, {}),
}
_SHORTER = {"env_steps": 64, "iterations": 1}
_LONGER = {"env_steps": 4096, "iterations": 50}
OFFLINE = "offline"  # the tag of those that learn from recorded matches
_RANDOM = "marl/random"
_MATCHES = 64  # that are recorded for them


def tried(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], quick: bool = False) -> str:
    """Train in the first game that it takes, twice, from there on, and with another seed; "", or why no game could be
    tried. Then in a game whose other agent seldom acts, and in which not everything is allowed, if it takes that one.

    Raises RunError where the same job has another outcome, or another seed has the same, what it goes on from is not
    all that it depends on, a collection without a row of some agent breaks it, what it learned cannot play or breaks
    rules; Doubtful where it learns nothing, though one action is always better. `quick`: train once, and play.
    """
    refused = []
    given, offline = _small(registry, descriptor, params), OFFLINE in descriptor.tags
    for game in _games(registry, descriptor):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            try:
                _Trial(registry, descriptor, given, _registered(registry, game, Path(folder), offline)).run(quick)
            except UserError as error:
                refused.append(f"not for {game.name}: {error}")
                continue
            if not quick and not offline:
                for team in (False, True):
                    _Trial(registry, descriptor, given, _Seldom(registry, team, Path(folder))).seldom()
            return ""
    return refused[0] if refused else "no game is here to try it in: marl-classic brings some"


def _registered(registry: Registry, game: Component, folder: Path, offline: bool) -> RunServices:
    services = RunServices(registry, game, Blobs(folder / "blobs"), lambda step, values: None, lambda text: None)
    if offline:
        services.recorded = _recorded(services, folder / "recorded")
    return services


def _recorded(services: RunServices, folder: Path) -> Dataset:
    """Some matches of the game, played at random."""
    registry, game, spec = services.registry, services.env, services.spec
    cast = Cast([registry.make(POLICIES, _RANDOM, spec=spec)], np.ones((1, len(spec.sides), 1)))
    who = [{"name": _RANDOM, "policy": _RANDOM, "snapshot": scripted(Component(_RANDOM)).id}]
    params = registry.validate(ENVIRONMENTS, game.name, game.params)
    header = Header(game.name, params, spec_of(spec), who, cast.lineups.tolist(), 5, each(spec))
    for _ in record(folder, begun(folder, header), cast, services.environment, _MATCHES):
        pass
    return Dataset(folder)


class _Seldom(RunServices):
    """Services in a game of `marl.testing`, which is not registered."""

    def __init__(self, registry: Registry, team: bool, folder: Path) -> None:
        game = Component("a game in which one agent seldom acts")
        super().__init__(registry, game, Blobs(folder), lambda step, values: None, lambda text: None)
        self.team = team

    def environment(self, lanes: int) -> Environment:
        """See `RunServices`."""
        return seldom(lanes, self.team)


class _Trial:
    """Jobs of one algorithm in one game."""

    def __init__(
        self, registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], services: RunServices
    ) -> None:
        self.registry, self.descriptor, self.params, self.services = registry, descriptor, params, services
        self.game = services.env
        self.rival = services.blobs.put_snapshot(scripted(Component(_RANDOM)))
        self.dataset = None if services.recorded is None else services.recorded.id
        self.name = descriptor.full_name
        takes = registry.validate(descriptor.kind, descriptor.full_name, params)
        self.budgets = _BUDGETS[next((name for name in _BUDGETS if name in takes), "")]
        self.samples = "env_steps" in takes

    def run(self, quick: bool = False) -> None:
        """All of it. Raises UserError where the algorithm does not take the game."""
        job, first = self._begun(quick)
        if quick:
            self._play(first)
            return
        with self._made() as made:
            if _ids(first) != _ids(self._train(job, made)):
                raise RunError(
                    f"{self.name} makes something else of the same job the second time: chance follows from job.seed"
                )
            self._play(first)
            last = self._goes_on(job, first, made)
        if self.samples and _ids(first)[0] == _ids(self._train(replace(job, seed=3)))[0]:
            raise RunError(f"{self.name} makes the same of a job with another seed: chance follows from job.seed")
        if self.game.params == _PLAIN and self.dataset is None:  # who plays at random may be all that is to be learned
            self._learns(job, last)

    def seldom(self) -> None:
        """Jobs in which there is nothing to learn from for a while; those that it refuses are left out."""
        sides = len(self.services.spec.sides)
        for side, rival in [(1, self.rival), (0, SELF)] if sides > 1 else [(0, self.rival)]:
            mixtures: list[Mixture] = [() if side == one else ((rival, 1.0),) for one in range(sides)]
            for budget in self.budgets:
                job = Job(self.name, side, tuple(mixtures), seed=1, params=dict(self.params), budget=budget)
                try:
                    trained = self._train(job)
                except UserError:
                    continue
                except RunError as error:
                    where = "in a game in which a collection may have no row of the agent that learns"
                    raise RunError(f"{error} ({where}: nothing is learned from such a one)") from error.__cause__
                self._play(trained, side)
                break

    def _begun(self, quick: bool) -> tuple[Job, Trained]:
        """The first job that it does not refuse, and what came of it."""
        sides, refused = len(self.services.spec.sides), UserError("")
        rivals = (self.rival, SELF) if sides > 1 else (self.rival,)
        for rival in rivals if self.dataset is None else (SELF,):  # who was recorded is learned from on every side
            mixtures: list[Mixture] = [() if side == 0 else ((rival, 1.0),) for side in range(sides)]
            for usual in self.budgets:
                budget = {name: _SHORTER[name] for name in usual} if quick else usual
                job = Job(
                    self.name, 0, tuple(mixtures), 1, params=dict(self.params), budget=budget, dataset=self.dataset
                )
                try:
                    return job, self._train(job)
                except UserError as error:
                    refused = error
        raise refused

    @contextlib.contextmanager
    def _made(self) -> Iterator[Algorithm]:
        made: Algorithm = self.registry.make(ALGORITHMS, self.name, self.params)
        try:
            yield made
        finally:
            close(made)

    def _train(self, job: Job, by: Algorithm | None = None) -> Trained:
        """What comes of a job; without somebody who has worked before (`by`), by a new one."""
        if by is not None:
            return train(self.registry, by, job, self.services)
        with self._made() as made:
            return train(self.registry, made, job, self.services)

    def _goes_on(self, job: Job, first: Trained, made: Algorithm) -> Trained:
        """From its checkpoint: who made it (and knows more than it says) and whoever is started anew, alike."""
        if first.checkpoint is None:
            return first
        next_one = replace(job, seed=2, parent=self.services.blobs.put_checkpoint(first.checkpoint))
        one, other = self._train(next_one, made), self._train(next_one)
        if _ids(one) != _ids(other):
            raise RunError(f"{self.name} goes on in two ways from the same checkpoint: it may depend on nothing else")
        if job.budget.get("env_steps"):
            self._play(one)
        return one

    def _play(self, trained: Trained, side: int = 0) -> float:
        """What a side earns on average where what was learned plays it. The arena says what is no action."""
        id = self.services.blobs.put_snapshot(trained.snapshot)
        players = [self.services.policy(id), self.services.policy(self.rival)]
        sides = len(self.services.spec.sides)
        lineup = [int(one != side) for one in range(sides)]
        pairings = Pairings.repeat([lineup], 64 if self.game.params == _PLAIN else 4, seed=3)
        played = Arena(self.services.environment(8)).play(players, pairings)
        if np.isin(np.asarray(played.fault), self.services.spec.sides[side]).any():
            raise RunError(f"what {self.name} learned breaks the rules of {self.game.name}: it must go by the masks")
        return float(played.returns[:, side].mean())

    def _learns(self, job: Job, last: Trained) -> None:
        """Where one action is always better."""
        longer = replace(job, budget={name: _LONGER[name] for name in job.budget})
        earned = self._play(self._train(longer)) if longer.budget else self._play(last)
        if earned < 0.55:
            spent = ", ".join(f"{number:.0f} {name}" for name, number in longer.budget.items()) or "the job"
            raise Doubtful(
                f"{self.name} earns {earned:.2f} after {spent}, where the first action earns 1 and the other 0"
            )


def _games(registry: Registry, descriptor: Descriptor) -> Iterator[Component]:
    known = {one.full_name for one in registry.all(ENVIRONMENTS)}
    yield from (game for game in _GAMES if game.name in known)
    yield from (Component(one.full_name) for one in own_games(registry, descriptor))


def _small(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, and small numbers for those of them that say how much is done at a time."""
    chosen = dict(params)
    for name, value in _SMALL.items():
        with contextlib.suppress(UserError):
            registry.validate(descriptor.kind, descriptor.full_name, {**chosen, name: value})
            chosen.setdefault(name, value)
    return chosen


def _ids(trained: Trained) -> tuple[str, Any]:
    kept = trained.checkpoint
    if kept is None:
        return trained.snapshot.id, None
    return trained.snapshot.id, sorted((name, np.asarray(array).tobytes()) for name, array in kept.arrays.items())
