"""The base class of the solvers here: from a job to iterations on tables, and from tables to a player.

The learner of a job plays its own side and every side where it meets itself (`Job.sides`); other sides are as the job's
mixtures say. So self-play solves the game, and one side alone finds an answer to the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from marl import tabular
from marl.algorithm import Checkpoint, Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.exact_game import ExactGame
from marl.job import SELF, Job, Mixture
from marl.registry.ranges import at_least
from marl.snapshot import Snapshot
from marl.types import Array, Floats
from marl_tabular.game import LearnersGame, Seen


@dataclass
class Params:
    """What every solver has."""

    iterations: int = 100
    """Iterations that a job lasts, unless it states its own budget."""

    def __post_init__(self) -> None:
        at_least(self, 1, "iterations")


class Solver(Protocol):
    """Tables that learn. `iterations`: how many are done."""

    iterations: int

    def iterate(self) -> None:
        """One iteration."""

    def averages(self) -> dict[int, Floats]:
        """The plan `float64[S]` that each side which learns is known by."""

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on, beside `iterations`."""

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave."""


class TabularAlgorithm(ABC):
    """Implement `solver`, get `train`. Games need a sequence form; any number of players, also general sums."""

    parameters: ClassVar[type[Params]] = Params

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or self.parameters()

    @abstractmethod
    def solver(self, game: LearnersGame, job: Job) -> Solver:
        """Tables for the sides `job.sides`, before the first iteration."""

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        if "env_steps" in job.budget:
            raise UserError(
                f"{job.algorithm} counts iterations over the whole game, and `kind: train` counts env steps: "
                f"use `kind: league` with `strategy: {{name: league/self_play, algorithm: {job.algorithm}}}`"
            )
        if job.joint is not None:
            raise UserError(f"{job.algorithm} answers opponents who draw each for himself, and these draw together")

    def train(self, job: Job, services: Services) -> Trained:
        """Iterate on the job's sides, from its parent's tables where it has one."""
        self.check_job(job, services.spec)
        exact = services.exact()
        solver = self.solver(learners_game(exact, job), job)
        if job.parent is not None:
            resume(solver, services.checkpoint(job.parent), job)
        for _ in range(int(job.budget.get("iterations", self.params.iterations))):
            solver.iterate()
        plans = solver.averages()
        return Trained(
            player(exact, plans, services.spec, job),
            Checkpoint(solver.save(), {"iterations": solver.iterations}),
            {"iterations": solver.iterations},
        )


def learners_game(exact: ExactGame, job: Job) -> LearnersGame:
    """The game of a job: the own side is the learner's, the others play their mixtures."""
    own: Mixture = ((SELF, 1.0),)
    mixtures = [own if side == job.side else mixture for side, mixture in enumerate(job.opponents)]
    return LearnersGame(exact.form, [_seen(exact, side, mixture) for side, mixture in enumerate(mixtures)])


def _seen(exact: ExactGame, side: int, mixture: Mixture) -> Seen:
    own = sum(weight for id, weight in mixture if id == SELF)
    fixed = tuple((id, weight) for id, weight in mixture if id != SELF and weight > 0)
    return Seen(own, exact.mixture(side, fixed) if fixed else None)


def resume(solver: Solver, checkpoint: Checkpoint, job: Job) -> None:
    """Put a checkpoint's tables into the solver. Raises UserError where they are those of another solver or game."""
    shapes = {name: array.shape for name, array in solver.save().items()}
    if shapes != {name: array.shape for name, array in checkpoint.arrays.items()}:
        raise UserError(
            f"{job.algorithm} cannot go on from checkpoint {job.parent}: its tables are of another solver, "
            f"other sides or another game ({named(checkpoint.arrays)}; {named(shapes)} would be right)"
        )
    solver.load(checkpoint.arrays, int(str(checkpoint.meta["iterations"])))


def named(tables: Iterable[str]) -> str:
    """Their names, for people."""
    return ", ".join(sorted(tables)) or "none"


def player(exact: ExactGame, plans: Mapping[int, Floats], spec: EnvSpec, job: Job) -> Snapshot:
    """The learner as a player: a table for all sides that learned, found by what an agent sees, and who it is.

    In a symmetric game it is the table of the job's side, which plays every side.
    """
    behaviours = {side: exact.form.players[side].behaviour(plan) for side, plan in plans.items()}
    if spec.symmetric:
        return tabular.snapshot(exact.form.players[job.side], behaviours[job.side])
    return tabular.snapshot_of_agents({side: (exact.form.players[side], table) for side, table in behaviours.items()})
