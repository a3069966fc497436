"""Potential-based shaping: `F(s, s') = gamma * Phi(s') - Phi(s)` per own turn; `Phi` is 0 where an agent's part ended.

Why: it tells a learner long before the end of a match whether it got nearer, and, whatever `Phi` is, an optimal policy
of the shaped game is one of the game itself: along any way the shaping sums up to `-Phi` of its start.
`gamma` is the learner's discount, and `s'` what the agent sees at its next own turn; where it was cut short
(truncated), what it saw last, since its value goes on from there.
Source: Ng, Harada, Russell, "Policy invariance under reward transformations: theory and application to reward shaping",
ICML 1999, theorem 1; Grzes, "Reward shaping in episodic reinforcement learning", AAMAS 2017 (ends of episodes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl import space
from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl_rewards.expression import Expression


@dataclass(kw_only=True)
class Params:
    """What the potential is."""

    potential: str
    """Of one row: `-abs(observation[2])`, `observation.position[0] + 2 * info.hits`. See marl_rewards.expression."""


class Potential:
    """One channel, in the units of the potential."""

    channels: ClassVar = {"shaping": "discounted potential after the row less the potential before"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.potential = Expression(params.potential, list(spec.info))
        self.needs = ("before",) if self.potential.columns else ()
        for group in spec.groups if not self.potential.columns else ():
            self.potential(space.zeros(group.observation, 2), {}, 2)

    def __call__(self, window: Window) -> Channels:
        """`shaping`, `float64[K]`."""
        rows = window.rows
        goes_on = np.flatnonzero(~rows.terminated)
        before = self.potential(rows.observation, rows.before, len(rows))
        after = self.potential(window.next_observation, rows.info, len(rows))
        shaping = -before
        shaping[goes_on] += window.discount * after[goes_on]
        return {"shaping": shaping}
