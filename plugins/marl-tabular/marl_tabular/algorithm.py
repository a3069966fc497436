"""The base classes of the solvers here: from a job to iterations on tables, and from tables to a player.

The learner of a job plays its own side and every side where it meets itself (`Job.sides`); other sides are as the job's
mixtures say. So self-play solves the game, and one side alone finds an answer to the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

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

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on, beside `iterations`."""

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether `save` may have given that."""

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""


class TreeSolver(Solver, Protocol):
    """One that has the whole tree before it."""

    def averages(self) -> dict[int, Floats]:
        """The plan `float64[S]` that each side which learns is known by."""


S = TypeVar("S", bound=Solver)


class TabularAlgorithm(ABC, Generic[S]):
    """Implement `begin` and `player`, get `train`."""

    parameters: ClassVar[type[Params]] = Params

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or self.parameters()

    @abstractmethod
    def begin(self, job: Job, services: Services) -> S:
        """Tables for the sides `job.sides`, before the first iteration."""

    @abstractmethod
    def player(self, solver: S, job: Job, services: Services) -> Snapshot:
        """What the tables have learned, as a player."""

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
        solver = self.begin(job, services)
        if job.parent is not None:
            resume(solver, services.checkpoint(job.parent), job)
        for _ in range(int(job.budget.get("iterations", self.params.iterations))):
            solver.iterate()
        checkpoint = Checkpoint(solver.save(), {"iterations": solver.iterations})
        return Trained(self.player(solver, job, services), checkpoint, {"iterations": solver.iterations})


class TreeAlgorithm(TabularAlgorithm[TreeSolver]):
    """For games that have a sequence form, of any number of players, also with general sums. Implement `solver`."""

    @abstractmethod
    def solver(self, game: LearnersGame, job: Job) -> TreeSolver:
        """Tables for the sides `job.sides`, before the first iteration."""

    def begin(self, job: Job, services: Services) -> TreeSolver:
        """See `TabularAlgorithm`."""
        return self.solver(learners_game(services.exact(), job), job)

    def player(self, solver: TreeSolver, job: Job, services: Services) -> Snapshot:
        """A table for all sides that learned, found by what an agent sees, and who it is.

        In a symmetric game it is the table of the job's side, which plays every side.
        """
        players = services.exact().form.players
        tables = {side: (players[side], players[side].behaviour(plan)) for side, plan in solver.averages().items()}
        if services.spec.symmetric:
            return tabular.snapshot(*tables[job.side])
        return tabular.snapshot_of_agents(tables)


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
    if not solver.fits(checkpoint.arrays):
        raise UserError(
            f"{job.algorithm} cannot go on from checkpoint {job.parent}: its tables are of another solver, "
            f"other sides or another game ({named(checkpoint.arrays)}; {named(solver.save())} would be right)"
        )
    solver.load(checkpoint.arrays, int(str(checkpoint.meta["iterations"])))


def named(tables: Iterable[str]) -> str:
    """Their names, for people."""
    return ", ".join(sorted(tables)) or "none"
