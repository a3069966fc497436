"""Progress: pays for how much more of something there is after the action than before it.

Along an agent's turns it sums up to what there is at last less what there was at first, so nothing is won by going to
and fro. It is `potential` without a discount, and counts at the end of an agent's part too, so it may change which
policies are optimal.
Source: the increments of a potential in Ng, Harada, Russell, ICML 1999, with `gamma = 1`.
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
    """Of what."""

    of: str
    """An expression of one row; a minus makes less of it better, as in -abs(observation[0])."""


class Progress:
    """One channel, in the units of the expression; 0 where nothing was seen afterwards."""

    channels: ClassVar = {"progress": "how much more there is after the action than before"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.of = Features([params.of], spec)
        self.needs = ("before",) if self.of.informed else ()

    def __call__(self, window: Window) -> Channels:
        """`progress`, `float64[K]`."""
        gained = self.of.after(window)[:, 0] - self.of.before(window)[:, 0]
        return {"progress": np.where(self.of.known(window), gained, 0.0)}
