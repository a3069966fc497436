"""The base class of algorithms that solve small games, and need no learning."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np

from marl.algorithm import Services, Trained
from marl.errors import UserError
from marl.exact_game import ExactGame
from marl.job import Job, Profile
from marl.types import Floats


class SolverAlgorithm(abc.ABC):
    """An exact or tabular algorithm: implement `solve`, get `train`."""

    def train(self, job: Job, services: Services) -> Trained:
        """Solve the job's side against the plans of its opponents, or against a joint distribution of them."""
        if len(job.sides) > 1:
            raise UserError(f"{job.algorithm} answers opponents who stand still, and here the learner meets itself")
        game = services.exact()
        if job.joint is not None:
            return self.solve_joint(job, game, job.joint)
        own = np.zeros(game.form.players[job.side].sequences)  # not read: the learner's own entry is empty
        plans = [own if n == job.side else game.mixture(n, mixture) for n, mixture in enumerate(job.opponents)]
        return self.solve(job, game, plans)

    @abc.abstractmethod
    def solve(self, job: Job, game: ExactGame, plans: Sequence[Floats]) -> Trained:
        """The answer to `plans` (one `[S_n]` per side; the own side's is not read)."""

    def solve_joint(self, job: Job, game: ExactGame, joint: Sequence[Profile]) -> Trained:
        """The answer to opponents who are drawn together. Raises UserError where there is none."""
        raise UserError(f"{job.algorithm} answers opponents who draw each for himself, and these draw together")
