"""Events: pays for what the environment counts: goals, touches, faults. A channel for each column.

Source: event rewards as in Moschopoulos et al., "Lucy-SKG", arXiv:2305.15801, section 4, and Berner et al., "Dota 2
with large scale deep reinforcement learning", arXiv:1912.06680, appendix G.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.env import EnvSpec
from marl.errors import suggestion
from marl.reward import Channels, Window
from marl_rewards.features import Whose, own


@dataclass(kw_only=True)
class Params:
    """Which events, and what each is worth."""

    worth: dict[str, float]
    """By column of the environment's `info`; each is a channel."""
    totals: list[str] = field(default_factory=list)
    """Columns that count since the match began: their increase since the agent's action is paid."""
    whose: Whose = "match"
    """Whether a column has one number, or one for every `agent` or `side`, of which the own is paid."""

    def __post_init__(self) -> None:
        if not self.worth:
            raise ValueError("worth: name one column or more, as in {goals: 1}")
        if unpaid := [name for name in self.totals if name not in self.worth]:
            raise ValueError(f"totals: {unpaid[0]!r} has no worth{suggestion(unpaid[0], self.worth)}")


class Events:
    """A channel for each column: its number times its worth, as of the last tick that counts for the row."""

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        for name in params.worth:
            if name not in spec.info:
                raise ValueError(f"worth: the environment has no column {name!r}{suggestion(name, spec.info)}")
        self.params = params
        self.channels = {name: spec.info[name] for name in params.worth}
        self.needs = ("before",) if params.totals else ()

    def __call__(self, window: Window) -> Channels:
        """Every column, `float64[K]`."""
        rows, paid = window.rows, {}
        for name, worth in self.params.worth.items():
            count = np.asarray(rows.info[name], dtype=np.float64)
            if name in self.params.totals:
                count = count - rows.before[name]
            paid[name] = worth * own(count, window, self.params.whose, name)
        return paid
