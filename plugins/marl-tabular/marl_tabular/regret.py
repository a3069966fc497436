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
from marl_tabular.layout import Layout, Passes


class Weighting(Protocol):
    """What tells the methods of the family apart. Iterations `t` count from 1."""

    def forget(self, regret: Floats, t: int) -> None:
        """Change the regrets (any array of them) in place, after those of iteration `t` were added."""

    def average(self, t: int) -> float:
        """How much the policy of iteration `t` counts in the average."""


class Regrets:
    """One side's tables, flat arrays (see `Layout`): `regret`, `average`, and the `policy` with its `plan`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.regret, self.average, self.plan, self._room = (np.zeros(layout.size) for _ in range(4))
        self.policy = layout.uniform.copy()
        self.passes = Passes(layout, self.policy, self.plan)
        total = np.empty(layout.infosets)
        self._matched = [
            (block.of(self._room), total[block.first : block.first + block.columns], block.of(self.policy))
            for block in layout.blocks
        ]
        self.passes.plan()

    def remember(self, weight: float) -> None:
        """Take the present plan into the average."""
        self.average += np.multiply(self.plan, weight, out=self._room)

    def learn(self, gradient: Floats) -> None:
        """Add the regrets of this iteration; `gradient` is used up."""
        value = self.passes.values(gradient)
        for block in self.layout.blocks:
            grid = block.of(gradient)
            grid -= value[block.first : block.first + block.columns]
        gradient[-1] = 0.0
        if not self.layout.full:
            gradient *= self.layout.mask
        self.regret += gradient

    def match(self) -> None:
        """Play every action in proportion to its positive regret; where none is positive, all alike."""
        np.maximum(self.regret, 0.0, out=self._room)
        np.copyto(self.policy, self.layout.uniform)
        for positive, total, policy in self._matched:
            np.add.reduce(positive, axis=0, out=total)
            np.divide(positive, total, out=policy, where=total > 0)
        self.passes.plan()


class CFR:
    """The sides `sides` of a game, learning together from iteration to iteration."""

    def __init__(self, game: LearnersGame, sides: Sequence[int], weighting: Weighting) -> None:
        self.game, self.weighting, self.iterations = game, weighting, 0
        self.tables = {side: Regrets(game.layouts[side]) for side in sides}
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
            saved[f"regret_{side}"] = table.layout.gather(table.regret)
            saved[f"average_{side}"] = table.layout.gather(table.average)
        return saved

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are tables of the same sides of the same game, or of one of its size."""
        return alike(self.save(), saved)

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""
        self.iterations = iterations
        for side, table in self.tables.items():
            table.regret[:] = table.layout.spread(saved[f"regret_{side}"])
            table.average[:] = table.layout.spread(saved[f"average_{side}"])
            table.match()
