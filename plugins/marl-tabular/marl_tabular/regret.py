"""Counterfactual regret minimisation: every information set plays by its own regrets.

An iteration takes the sides one after another. A side's average takes in how it plays now; its regrets take in what
each action would have earned more, if everybody else plays as now; and it plays every action in proportion to its
positive regret. With two sides and zero sums, the averages go to a Nash equilibrium.
Sources: Zinkevich et al., "Regret minimization in games with incomplete information", NeurIPS 2007; for the
alternation, Burch, Moravcik and Schmid, "Revisiting CFR+ and alternating updates", JAIR 64 (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from marl.types import Array, Floats
from marl_tabular.game import LearnersGame, alike
from marl_tabular.layout import Passes


class Weighting(Protocol):
    """What tells the methods of the family apart. Iterations `t` count from 1."""

    def forget(self, regret: Floats, t: int) -> None:
        """Change the regrets (a grid) in place, after those of iteration `t` were added."""

    def average(self, t: int) -> float:
        """How much the policy of iteration `t` counts in the average."""


class Regrets:
    """One side's tables: `regret` and `policy` are grids, `plan` and `average` flat arrays (see `Layout`)."""

    def __init__(self, passes: Passes) -> None:
        self.passes, self.layout = passes, passes.layout
        self.regret = np.zeros((self.layout.width, self.layout.infosets))
        self.average = np.zeros(self.layout.size)
        self.policy = self.layout.uniform.copy()
        self.plan = np.zeros(self.layout.size)
        self._room = np.empty_like(self.regret)
        self._flat = np.empty_like(self.plan)
        self._total = np.empty(self.layout.infosets)
        passes.plan(self.policy, self.plan)

    def remember(self, weight: float) -> None:
        """Take the present plan into the average."""
        self.average += np.multiply(self.plan, weight, out=self._flat)

    def learn(self, gradient: Floats) -> None:
        """Add the regrets of this iteration; `gradient` is used up."""
        value = self.passes.values(self.policy, gradient)
        regret = np.subtract(self.layout.grid(gradient), value, out=self._room)
        if not self.layout.full:
            regret *= self.layout.mask
        self.regret += regret

    def match(self) -> None:
        """Play every action in proportion to its positive regret; where none is positive, all alike."""
        positive = np.maximum(self.regret, 0.0, out=self._room)
        total = np.add.reduce(positive, axis=0, out=self._total)
        np.copyto(self.policy, self.layout.uniform)
        np.divide(positive, total, out=self.policy, where=total > 0)
        self.passes.plan(self.policy, self.plan)


class CFR:
    """The sides `sides` of a game, learning together from iteration to iteration."""

    def __init__(self, game: LearnersGame, sides: Sequence[int], weighting: Weighting) -> None:
        self.game, self.weighting, self.iterations = game, weighting, 0
        self.tables = {side: Regrets(Passes(game.layouts[side])) for side in sides}
        self._plans = [  # those of other sides are not read
            self.tables[n].plan if n in self.tables else np.zeros(layout.size) for n, layout in enumerate(game.layouts)
        ]

    def iterate(self) -> None:
        """One iteration: every side once."""
        self.iterations += 1
        weight = self.weighting.average(self.iterations)
        for side, table in self.tables.items():
            table.remember(weight)
            table.learn(self.game.gradient(side, self._plans))
            self.weighting.forget(table.regret, self.iterations)
            table.match()

    def averages(self) -> dict[int, Floats]:
        """The average plan `float64[S]` of each side that learns; before the first iteration, how it plays."""
        return {
            side: table.layout.gather(table.average if self.iterations else table.plan)
            / (table.average[-1] if self.iterations else 1.0)
            for side, table in self.tables.items()
        }

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on: `float64[S]` each, in the order of the game's sequences."""
        saved: dict[str, Array] = {}
        for side, table in self.tables.items():
            regret = np.append(table.regret.ravel(), 0.0)
            saved[f"regret_{side}"] = table.layout.gather(regret)
            saved[f"average_{side}"] = table.layout.gather(table.average)
        return saved

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are tables of the same sides of the same game, or of one of its size."""
        return alike(self.save(), saved)

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""
        self.iterations = iterations
        for side, table in self.tables.items():
            table.regret[:] = table.layout.grid(table.layout.spread(saved[f"regret_{side}"]))
            table.average[:] = table.layout.spread(saved[f"average_{side}"])
            table.match()
