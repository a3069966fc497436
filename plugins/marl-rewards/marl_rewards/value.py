"""Value: pays what an expression says of the state after an action: a speed, a height, a cost to be held in bounds.

The plainest reward there is. It pays for as long as something is so: for what shall be had once, use `progress`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl_rewards.features import Features


@dataclass(kw_only=True)
class Params:
    """What is paid."""

    of: str
    """An expression, such as abs(observation[2]) or info.fuel."""


class Value:
    """One channel; 0 where it looks at an observation and nothing was seen afterwards."""

    channels: ClassVar = {"value": "what an expression says after the action"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.features = Features([params.of], spec)

    def __call__(self, window: Window) -> Channels:
        """`value`, `float64[K]`."""
        return {"value": np.where(self.features.known(window), self.features.after(window)[:, 0], 0.0)}
