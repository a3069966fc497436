"""Self-play preference optimisation: a judge compares matches two by two, and how often one is preferred is its reward.

Why: judges need not be transitive, and no score of single matches says what one means that is not. The policy that no
other is preferred to (the minimax winner) is an equilibrium of the game in which two policies show the judge a match
each. That game is symmetric, so one policy that learns against itself finds it: play several matches, and pay each
match for how many of the others it is preferred to. Any algorithm learns from that; one whose last policy converges
(this plugin's) needs no average.

The reward comes at the last own turn of each agent, and is the mean over the other matches of the update (of the same
task, and of the same agent) of how often this one is preferred, from 0 to 1.
Source: Swamy et al., "A minimaximalist approach to reinforcement learning from human feedback", ICML 2024.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl.space import Discrete
from marl.types import Floats, Ints


@dataclass(kw_only=True)
class SPOParams:
    """The judge."""

    prefers: list[list[float]] = field(default_factory=list)
    """How often a match that ended with the action of a row is preferred to one that ended with that of a column; by
    default a match in which the agent earned more is preferred."""

    def __post_init__(self) -> None:
        if not self.prefers:
            return
        if any(len(row) != len(self.prefers) for row in self.prefers):
            raise ValueError(f"prefers must have as many columns as rows, {len(self.prefers)}")
        table = np.array(self.prefers, dtype=np.float64)
        if (table < 0).any() or not np.allclose(table + table.T, 1.0):
            raise ValueError(
                "prefers: two that are compared are preferred 1 time together, so [i][j] + [j][i] must be 1"
            )


class SPO:
    """One channel: the share of other matches to which one is preferred."""

    needs = ("whole",)
    channels: ClassVar = {"wins": "how often a match is preferred to another of the same policy"}

    def __init__(self, spec: EnvSpec, params: SPOParams | None = None) -> None:
        self.table = np.array((params or SPOParams()).prefers, dtype=np.float64)
        for group in spec.groups if len(self.table) else ():
            if not isinstance(group.action, Discrete) or group.action.n > len(self.table):
                raise ValueError(
                    f"prefers has {len(self.table)} rows, one for each action, and the actions of {group.name!r} are "
                    f"{group.action}"
                )

    def __call__(self, window: Window) -> Channels:
        """See `Reward`."""
        rows, wins = window.rows, np.zeros(len(window))
        last = np.flatnonzero((rows.next_row < 0) & (rows.terminated | rows.truncated))
        kind = rows.agent[last] if rows.task is None else np.stack([rows.agent[last], rows.task[last]], axis=1)
        _, number = np.unique(kind, axis=0, return_inverse=True)
        for alike in range(int(number.max(initial=-1)) + 1):
            compared = last[number.reshape(-1) == alike]
            wins[compared] = self._wins(window, compared)
        return {"wins": wins}

    def _wins(self, window: Window, last: Ints) -> Floats:
        """Of matches with these last rows `[M]`, against one another, `float64[M]`; one alone is worth a half."""
        if len(last) == 1:
            return np.full(1, 0.5)
        if len(self.table):
            action = window.rows.action[last]
            often = np.bincount(action, minlength=len(self.table))
            return np.asarray((self.table @ often - 0.5)[action] / (len(last) - 1))  # less itself, which is a half
        life = window.rows.lives()
        returns = np.bincount(life, window.rows.reward)[life[last]]
        below, above = (np.searchsorted(np.sort(returns), returns, side) for side in ("left", "right"))
        return np.asarray((0.5 * (below + above) - 0.5) / (len(last) - 1))
