"""Velocity: pays for moving towards something: the part of a velocity that points there, in units of `scale`.

Why: unlike a distance it says which way is right wherever one is; unlike progress it does not depend on how long a
turn takes. Negative where one moves away.
Source: the velocity components of Moschopoulos et al., "Lucy-SKG", arXiv:2305.15801, section 4.
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
    """Whose velocity, and whereto."""

    velocity: list[str]
    """An expression for each coordinate."""
    towards: list[str]
    """The way there, from the one to the other; its length does not matter."""
    scale: float = 1.0
    """The velocity that pays 1."""

    def __post_init__(self) -> None:
        if len(self.velocity) != len(self.towards):
            raise ValueError(
                f"towards has {len(self.towards)} coordinates, but velocity has {len(self.velocity)}: give as many"
            )
        if not self.scale > 0:
            raise ValueError(f"scale must be above 0, not {self.scale}")


class Velocity:
    """One channel; 0 where one is there, and where nothing was seen afterwards."""

    channels: ClassVar = {"speed": "velocity towards something"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.scale = params.scale
        self.velocity, self.towards = Features(params.velocity, spec), Features(params.towards, spec)

    def __call__(self, window: Window) -> Channels:
        """`speed`, `float64[K]`."""
        way = self.towards.after(window)
        length = np.linalg.norm(way, axis=1)
        along = (self.velocity.after(window) * way).sum(axis=1) / np.where(length > 0, length, 1.0)
        known = self.velocity.known(window) & self.towards.known(window)
        return {"speed": np.where(known & (length > 0), along / self.scale, 0.0)}
