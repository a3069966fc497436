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
from marl.errors import RunError, UserError
from marl.job import SELF, Job, Mixture
from marl.registry import ALGORITHMS, ENVIRONMENTS, Component, Descriptor, Registry
from marl.services import RunServices, scripted, train

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
}
_BUDGETS: dict[str, tuple[dict[str, float], ...]] = {  # by the parameter that a job's budget overrules
    "env_steps": ({"env_steps": 128},),
    "iterations": ({"iterations": 2},),
    "": ({"env_steps": 128}, {}),
}
_LONGER = {"env_steps": 4096, "iterations": 50}
_TICKS = 200  # of the matches that what was learned plays


def tried(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> str:
    """Train in the first game that it takes, twice, and from there on; "", or why no game could be tried.

    Raises RunError where the same job has another outcome, what it goes on from is not all that it depends on, what it
    learned cannot play or breaks rules; Doubtful where it learns nothing, though one action is always better.
    """
    refused = []
    given = _small(registry, descriptor, params)
    for game in _games(registry, descriptor):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            trial = _Trial(registry, descriptor, given, game, Path(folder))
            try:
                trial.run()
            except UserError as error:
                refused.append(f"not for {game.name}: {error}")
                continue
            return ""
    return refused[0] if refused else "no game is here to try it in: marl-classic brings some"


class _Trial:
    """Jobs of one algorithm in one game."""

    def __init__(
        self, registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], game: Component, folder: Path
    ) -> None:
        self.registry, self.descriptor, self.params, self.game = registry, descriptor, params, game
        blobs = Blobs(folder)
        self.services = RunServices(registry, game, blobs, lambda step, values: None, lambda text: None)
        self.rival = blobs.put_snapshot(scripted(Component("marl/random")))
        self.name = descriptor.full_name
        takes = registry.validate(descriptor.kind, descriptor.full_name, params)
        self.budgets = _BUDGETS[next((name for name in _BUDGETS if name in takes), "")]

    def run(self) -> None:
        """All of it. Raises UserError where the algorithm does not take the game."""
        job, first = self._begun()
        if _ids(first) != _ids(self._train(job)):
            raise RunError(
                f"{self.name} makes something else of the same job the second time: chance must follow from job.seed"
            )
        self._play(first)
        last = self._goes_on(job, first)
        if self.game.params == _PLAIN:
            self._learns(job, last)

    def _begun(self) -> tuple[Job, Trained]:
        """The first job that it does not refuse, and what came of it."""
        sides, refused = len(self.services.spec.sides), UserError("")
        for rival in (self.rival, SELF) if sides > 1 else (self.rival,):
            mixtures: list[Mixture] = [() if side == 0 else ((rival, 1.0),) for side in range(sides)]
            for budget in self.budgets:
                job = Job(self.name, 0, tuple(mixtures), seed=1, params=dict(self.params), budget=budget)
                try:
                    return job, self._train(job)
                except UserError as error:
                    refused = error
        raise refused

    def _train(self, job: Job) -> Trained:
        made: Algorithm = self.registry.make(ALGORITHMS, self.name, self.params)
        try:
            return train(self.registry, made, job, self.services)
        finally:
            close(made)

    def _goes_on(self, job: Job, first: Trained) -> Trained:
        """From its checkpoint, as whoever was started anew would: alike."""
        if first.checkpoint is None:
            return first
        parent = self.services.blobs.put_checkpoint(first.checkpoint)
        one, other = (self._train(replace(job, seed=2, parent=parent)) for _ in range(2))
        if _ids(one) != _ids(other):
            raise RunError(f"{self.name} goes on in two ways from the same checkpoint")
        if job.budget.get("env_steps"):
            self._play(one)
        return one

    def _play(self, trained: Trained) -> float:
        """What side 0 earns on average where what was learned plays it. The arena says what is no action."""
        id = self.services.blobs.put_snapshot(trained.snapshot)
        players = [self.services.policy(id), self.services.policy(self.rival)]
        sides = len(self.services.spec.sides)
        pairings = Pairings.repeat([[0] + [1] * (sides - 1)], 64 if self.game.params == _PLAIN else 4, seed=3)
        played = Arena(self.services.environment(8)).play(players, pairings)
        fault = np.asarray(played.fault)
        first = self.services.spec.sides[0]
        if np.isin(fault, first).any():
            raise RunError(f"what {self.name} learned breaks the rules of {self.game.name}: it must go by the masks")
        return float(played.returns[:, 0].mean())

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
