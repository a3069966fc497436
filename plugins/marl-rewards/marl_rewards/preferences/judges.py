"""Scripted judges: which of two segments is better, by a number, or by a table of last actions.

A judge may be uncertain (`temperature`), and wrong (`mistakes`), as people are. A table need not be transitive.
Source of the uncertain ones: Lee, Smith, Dragan, Abbeel, "B-Pref: benchmarking preference-based reinforcement
learning", NeurIPS 2021 (datasets and benchmarks; arXiv:2111.03026), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.env import EnvSpec
from marl.reward import Window
from marl.space import Discrete
from marl.types import Floats
from marl_rewards.features import Features
from marl_rewards.preferences.segments import Segments


@dataclass(kw_only=True)
class JudgeParams:
    """Whom to ask."""

    worth: str = ""
    """An expression that is summed up over a segment; by default what the game pays."""
    prefers: list[list[float]] = field(default_factory=list)
    """Instead: how often a segment that ends with the action of a row is preferred to one with that of a column."""
    temperature: float = 0.0
    """0: the better one always; else with probability `1 / (1 + exp(-difference / temperature))`."""
    mistakes: float = 0.0
    """How often it says the opposite of what it means."""

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 <= self.mistakes <= 0.5:
            raise ValueError("temperature must not be negative, and mistakes are a share from 0 to 0.5")
        if self.prefers and self.worth:
            raise ValueError("a judge goes by worth or by the table prefers, not by both")
        table = np.array(self.prefers, dtype=np.float64) if _square(self.prefers) else None
        if table is None or (table < 0).any() or not np.allclose(table + table.T, 1.0):
            raise ValueError("prefers is a table with as many columns as rows, where [i][j] + [j][i] is 1")


class Judge:
    """What segments show it (where they are gathered), and what it says of pairs (where learning is driven)."""

    def __init__(self, spec: EnvSpec, params: JudgeParams) -> None:
        self.params = params
        self.table = np.array(params.prefers, dtype=np.float64)
        self.worth = Features([params.worth], spec) if params.worth else None
        for group in spec.groups if params.prefers else ():
            if not isinstance(group.action, Discrete) or group.action.n > len(self.table):
                raise ValueError(f"prefers has {len(self.table)} rows, one for each action, and the actions of "
                                 f"{group.name!r} are {group.action}")  # fmt: skip

    def evidence(self, window: Window, segments: Segments) -> Floats:
        """A number for each segment, `float64[M]`: what it is worth, or its last action."""
        if len(self.table):
            return window.rows.action[segments.last].astype(np.float64)
        if self.worth is None:
            return segments.total(window.rows.reward)
        return segments.total(np.where(self.worth.known(window), self.worth.after(window)[:, 0], 0.0))

    def __call__(self, first: Floats, second: Floats, chance: np.random.Generator) -> Floats:
        """1 where the first of a pair is preferred, 0 where the second is, 0.5 where neither: `float64[P]`."""
        if len(self.table):
            wins = self.table[first.astype(np.int64), second.astype(np.int64)]
        elif self.params.temperature:
            wins = 1 / (1 + np.exp(np.clip((second - first) / self.params.temperature, -500, 500)))
        else:
            wins = np.where(first == second, 0.5, first > second)
        drawn = np.where(wins == 0.5, 0.5, chance.random(len(wins)) < wins)
        wrong = chance.random(len(wins)) < self.params.mistakes
        return np.asarray(np.where(wrong, 1 - drawn, drawn))


def _square(table: list[list[float]]) -> bool:
    return all(len(row) == len(table) for row in table)
