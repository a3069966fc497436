"""Distance: pays for being near, after the action, by a shape function of the distance between two points.

Source: Moschopoulos et al., "Lucy-SKG", arXiv:2305.15801, section 4 (parameterised distance rewards).
It pays as long as one stays near: to pay for coming near once, use `progress` or `potential`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl_rewards.features import Features
from marl_rewards.shapes import Shape


@dataclass(kw_only=True)
class Params:
    """Between what, and how it is paid."""

    position: list[str]
    """An expression for each coordinate, as in [observation[0], observation[1]]."""
    target: list[str]
    """The other point; [0, 0] is the origin."""
    shape: Shape = field(default_factory=Shape)
    """From a distance to a reward."""

    def __post_init__(self) -> None:
        if len(self.position) != len(self.target):
            raise ValueError(
                f"target has {len(self.target)} coordinates, but position has {len(self.position)}: give as many"
            )


class Distance:
    """One channel, between 0 and 1; 0 where nothing was seen afterwards."""

    channels: ClassVar = {"near": "how near two points are, by a shape function"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.shape = params.shape
        self.position, self.target = Features(params.position, spec), Features(params.target, spec)

    def __call__(self, window: Window) -> Channels:
        """`near`, `float64[K]`."""
        apart = np.linalg.norm(self.position.after(window) - self.target.after(window), axis=1)
        known = self.position.known(window) & self.target.known(window)
        return {"near": np.where(known, self.shape(apart), 0.0)}
