"""The exact best response: one backward pass over the side's information sets (see `marl.exact`)."""

from __future__ import annotations

from collections.abc import Sequence

from marl import tabular
from marl.algorithm import Trained
from marl.exact_game import ExactGame
from marl.job import Job, Profile
from marl.solver import SolverAlgorithm
from marl.types import Floats


class BestResponse(SolverAlgorithm):
    """Pure best responses. Where the own play rules an information set out, any legal action is as good: uniform."""

    def solve(self, job: Job, game: ExactGame, plans: Sequence[Floats]) -> Trained:
        """The best response's table, and its value as the metric `value`."""
        return self._best(job, game, game.form.gradient(job.side, plans))

    def solve_joint(self, job: Job, game: ExactGame, joint: Sequence[Profile]) -> Trained:
        """The best response to a joint distribution: its gradient is the mean over the profiles."""
        return self._best(job, game, game.gradient(job.side, joint))

    def _best(self, job: Job, game: ExactGame, gradient: Floats) -> Trained:
        decisions = game.form.players[job.side]
        plan, value = decisions.best(gradient)
        return Trained(tabular.snapshot(decisions, decisions.behaviour(plan)), metrics={"value": value})
