"""Extensive-form fictitious play: everybody answers what everybody has been on average, exactly.

Iteration t mixes a best response into each side's average with a weight of 1 / (t + 1); the first average is uniform
play. The mixture is of plans, so it is that of whole matches, as in fictitious play on the game's matrix.
Source: Heinrich, Lanctot and Silver, "Fictitious self-play in extensive-form games", ICML 2015, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from marl.job import Job
from marl.types import Array, Floats
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame, alike


class FictitiousPlay:
    """The sides `sides` of a game, answering one another from iteration to iteration."""

    def __init__(self, game: LearnersGame, sides: Sequence[int]) -> None:
        self.game, self.sides, self.iterations = game, sides, 0
        players = game.form.players
        self._plans = [  # flat; those of other sides are not read
            layout.spread(one.plan(one.uniform())) if side in sides else np.zeros(layout.size)
            for side, (layout, one) in enumerate(zip(game.layouts, players, strict=True))
        ]

    def iterate(self) -> None:
        """One iteration: all sides at once."""
        self.iterations += 1
        answers = {side: self._answer(side) for side in self.sides}
        for side, answer in answers.items():
            self._plans[side] += (answer - self._plans[side]) / (self.iterations + 1)

    def _answer(self, side: int) -> Floats:
        layout = self.game.layouts[side]
        gradient = layout.gather(self.game.gradient(side, self._plans))
        return layout.spread(layout.decisions.best(gradient)[0])

    def averages(self) -> dict[int, Floats]:
        """The average plan `float64[S]` of each side that learns."""
        return {side: self.game.layouts[side].gather(self._plans[side]) for side in self.sides}

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on."""
        return {f"average_{side}": plan for side, plan in self.averages().items()}

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are tables of the same sides of the same game, or of one of its size."""
        return alike(self.save(), saved)

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""
        self.iterations = iterations
        for side in self.sides:
            self._plans[side] = self.game.layouts[side].spread(saved[f"average_{side}"])


class ExtensiveFictitiousPlay(TreeAlgorithm):
    """XFP."""

    parameters = Params

    def solver(self, game: LearnersGame, job: Job) -> FictitiousPlay:
        """See `TreeAlgorithm`."""
        return FictitiousPlay(game, job.sides)
