"""Extensive-form double oracle (XDO): best responses mix at every decision, not once before a match.

Why: PSRO mixes whole policies, and may need exponentially many of them in games of several decisions. Here a population
of best responses makes a part of the game, in which everybody has, at every information set, the actions that one of
its best responses takes there; that part is solved, and answered in the whole game. So a population that grows by one
policy a side soon has all that an equilibrium takes: linearly many iterations in the number of information sets.
The part is solved by CFR+ to an exploitability of `gap` within it; when what comes of it is exploited by less than that
in the whole game, `gap` is halved. The first gap is half of what the first part is exploited by. An iteration here is
one of XDO. For zero-sum games of two sides.
Source: McAleer, Lanier, Wang, Baldi and Fox, "XDO: a double oracle algorithm for extensive-form games", NeurIPS 2021,
algorithm 1; their tabular code halves the threshold likewise, from 16 on, and begins with answers to uniform play.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.exact import SequenceForm
from marl.job import Job
from marl.registry.ranges import at_least
from marl.types import Array, Floats
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame, Seen, alike
from marl_tabular.regret import CFR
from marl_tabular.restricted import Restricted
from marl_tabular.weightings import Plus

_LOOK = 20  # iterations of CFR+ between two looks at how exploitable it is


@dataclass
class DoubleOracleParams(Params):
    """How long a part is solved at most."""

    iterations: int = 1
    """Iterations that a job lasts, unless it states its own budget: parts of the game that are solved."""
    most: int = 20_000
    """Iterations of CFR+ in a part at most."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "most")


class DoubleOracle:
    """What best responses have found so far.

    `gap`: how exploitable the next part's solution may be within it; 0 before there was one.
    `inner`: iterations of CFR+ so far, over all parts.
    """

    def __init__(self, form: SequenceForm, most: int) -> None:
        self.form, self.most, self.iterations, self.inner, self.gap = form, most, 0, 0, 0.0
        self._allowed = [np.zeros(player.sequences, dtype=np.bool_) for player in form.players]
        self._plans = [player.plan(player.uniform()) for player in form.players]

    def iterate(self) -> None:
        """Take in the best responses to the last solution, and solve the part of the game that they make."""
        self.iterations += 1
        for side, player in enumerate(self.form.players):
            chosen, _ = player.choices(self.form.gradient(side, self._plans))
            self._allowed[side][chosen] = True
        self._plans = self._solved(Restricted(self.form, self._allowed))
        found = self.form.nash_conv(self._plans) / 2
        if not self.gap or found < self.gap:
            self.gap = (self.gap or found) / 2

    def _solved(self, part: Restricted) -> list[Floats]:
        """Plans of the whole game that are exploited by less than `gap` within the part."""
        solver = CFR(LearnersGame(part.form, [Seen(1.0, None)] * 2), (0, 1), Plus())
        while True:
            for _ in range(min(_LOOK, self.most - solver.iterations)):
                solver.iterate()
            plans = solver.averages()
            if solver.iterations >= self.most or part.form.nash_conv([plans[0], plans[1]]) / 2 <= self.gap:
                self.inner += solver.iterations
                return [part.whole_plan(side, plan) for side, plan in plans.items()]

    def averages(self) -> dict[int, Floats]:
        """The solution of the last part, as plans `float64[S]` of the whole game."""
        return dict(enumerate(self._plans))

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on."""
        saved: dict[str, Array] = {"gap": np.array([self.gap]), "inner": np.array([self.inner])}
        for side, (allowed, plan) in enumerate(zip(self._allowed, self._plans, strict=True)):
            saved |= {f"allowed_{side}": allowed, f"solution_{side}": plan}
        return saved

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are what `save` gives of the same game, or of one of its size."""
        return alike(self.save(), saved)

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""
        self.iterations, self.gap, self.inner = iterations, float(saved["gap"][0]), int(saved["inner"][0])
        for side in range(len(self._plans)):
            self._allowed[side] = np.array(saved[f"allowed_{side}"], dtype=np.bool_)
            self._plans[side] = np.array(saved[f"solution_{side}"])


class ExtensiveDoubleOracle(TreeAlgorithm):
    """XDO."""

    parameters = DoubleOracleParams

    def __init__(self, params: DoubleOracleParams | None = None) -> None:
        self.oracle = params or DoubleOracleParams()
        super().__init__(self.oracle)

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        super().check_job(job, spec)
        if len(spec.sides) != 2 or not spec.zero_sum:
            raise UserError(f"{job.algorithm} needs a zero-sum game of two sides; tabular/cfr_plus takes others")
        if job.sides != (0, 1) or any(weight < 1 for mixture in job.opponents for _, weight in mixture):
            raise UserError(f"{job.algorithm} solves a game against itself: use it with league/self_play")

    def solver(self, game: LearnersGame, job: Job) -> DoubleOracle:
        """See `TreeAlgorithm`."""
        return DoubleOracle(game.form, self.oracle.most)
