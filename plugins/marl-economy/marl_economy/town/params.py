"""The parameters of a town."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from marl.registry.ranges import at_least
from marl_economy.taxes import checked_cutoffs, checked_step


@dataclass
class TownParams:
    """Parameters of gather, trade and build."""

    workers: int = 4
    """How many gather, trade and build."""
    years: int = 5
    """Tax years in a match."""
    days: int = 20
    """Days of a year, on each of which every worker does one thing."""
    cutoffs: list[float] = field(default_factory=lambda: [0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3])
    """Where brackets of income begin, in coins a year; by default those of the United States in 2018, in $1000."""
    rate_step: float = 0.05
    """How far the rates are apart that a planner chooses from, from 0 to 1."""
    welfare: Literal["equality", "utility"] = "equality"
    """What the planner earns: equality times productivity, or utilities weighted by inverse incomes."""
    payment: float = 10.0
    """Coins for a house, times the skill of who builds it."""
    max_skill: float = 3.0
    """The most that skill multiplies payment by."""
    prices: list[int] = field(default_factory=lambda: [2, 4, 6])
    """Coins that can be bid or asked for a unit of wood or stone."""
    order_days: int = 10
    """Ticks for which an order stands."""
    gather_labour: float = 1.0
    """Labour of a day of gathering wood or stone."""
    build_labour: float = 2.0
    """Labour of a day of building."""
    order_labour: float = 0.05
    """Labour of placing an order."""
    labour_cost: float = 0.4
    """What a unit of labour costs in utility."""
    eta: float = 0.23
    """How fast coins lose their worth, from 0 (not at all) to less than 1."""

    def __post_init__(self) -> None:
        at_least(self, 2, "workers")
        at_least(self, 1, "years", "days", "max_skill", "order_days")
        at_least(self, 0, "gather_labour", "build_labour", "order_labour", "labour_cost", "payment")
        if not 0 <= self.eta < 1:
            raise ValueError(f"eta must be from 0 to less than 1, not {self.eta}")
        checked_step(self.rate_step)
        checked_cutoffs(self.cutoffs)
        if not self.prices or any(price < 1 for price in self.prices):
            raise ValueError(f"prices must be whole coins from 1 on, such as [2, 4, 6], not {self.prices}")
