"""A one-step economy: workers of different skill choose how much they earn; what a tax brings is shared out evenly.

There are infinitely many workers, and what each gets back depends on what all earn. Utility is consumption less the
cost of work, `skill (income / skill)^(1 + 1/e) / (1 + 1/e)`: so by a flat tax a worker earns `skill (1 - rate)^e`, and
`e` is the elasticity of income.

Known answer: where the planner weighs workers by g, whose mean is 1, the best flat rate is `(1 - G) / (1 - G + e)`,
and `G` is the mean of g weighted by income. `marl_meanfield.planner` finds it without knowing that.

Source: Saez, Using elasticities to derive optimal income tax rates, Review of Economic Studies 68, 2001 (the formula of
the linear tax in its textbook form); Zheng et al., The AI Economist, Science Advances 8, 2022 (a one-step economy as
the test of a planner that learns).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.registry.ranges import above, at_least
from marl.types import Floats
from marl_meanfield.games.plain import Plain


@dataclass
class Params:
    """Of the one-step economy."""

    skills: int = 8
    """Kinds of workers, equally many of each."""
    spread: float = 16.0
    """How much the most skilled earn without a tax; the least skilled earn 1."""
    elasticity: float = 0.5
    """e: by how many percent income falls where what is left of the last coin falls by one."""
    levels: int = 320
    """Incomes to choose from, evenly from 0 to `spread`."""
    rates: list[float] = field(default_factory=lambda: [0.3])
    """The tax: which share is taken in each of equally wide brackets of income; one rate is a flat tax."""

    def __post_init__(self) -> None:
        at_least(self, 2, "skills", "levels")
        at_least(self, 1, "spread")
        above(self, 0, "elasticity")
        if not self.rates or not all(0 <= rate < 1 for rate in self.rates):
            raise ValueError(f"rates must be one share or more, each from 0 to less than 1, not {self.rates}")


class Economy(Plain):
    """A state is a kind of worker and what it earns, `[skills, 1 + levels]` flattened; at first they have not chosen.

    `skill` `[skills]`, `income` and `tax` `[levels]`, `cost` `[skills, levels]`.
    """

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        initial = np.zeros((params.skills, 1 + params.levels))
        initial[:, 0] = 1.0 / params.skills
        shape = (params.skills, 1 + params.levels)
        super().__init__(("workers",), initial.size, params.levels, 1, initial.reshape(1, -1), shape)
        self.skill = np.geomspace(1.0, params.spread, params.skills)
        self.income = np.linspace(0.0, params.spread, params.levels)
        wide = params.spread / len(params.rates)
        within = np.clip(self.income[:, None] - wide * np.arange(len(params.rates)), 0.0, wide)
        self.tax = within @ np.array(params.rates)
        power = 1.0 + 1.0 / params.elasticity
        self.cost = self.skill[:, None] * (self.income / self.skill[:, None]) ** power / power

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`: all is paid when everybody has chosen."""
        return np.zeros((1, 1, 1, 1))

    def final(self, distribution: Floats) -> Floats:
        """See `MeanFieldGame`: what is left of an income, and a share of all taxes, less the cost of work."""
        paid = np.zeros((self.params.skills, 1 + self.params.levels))
        paid[:, 1:] = self.income - self.tax + self.shared(distribution) - self.cost
        return paid.reshape(1, -1)

    def shared(self, distribution: Floats) -> float:
        """What everybody gets of the taxes, where incomes are distributed so, `[1, S]`."""
        return float(self.earned(distribution).sum(axis=0) @ self.tax)

    def earned(self, distribution: Floats) -> Floats:
        """How many of each kind earn which income, `[skills, levels]`."""
        return np.asarray(distribution.reshape(self.params.skills, -1)[:, 1:])

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """See `MeanFieldGame`: everybody earns what it chose."""
        moved = np.zeros((self.params.skills, 1 + self.params.levels))
        moved[:, 1:] = mass[0].reshape(self.actions, self.params.skills, -1).sum(axis=2).T
        return moved.reshape(1, -1)

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """See `MeanFieldGame`."""
        worth = values.reshape(self.params.skills, -1)[:, 1:].T  # [A, skills]
        return np.repeat(worth, 1 + self.params.levels, axis=1)[None]
