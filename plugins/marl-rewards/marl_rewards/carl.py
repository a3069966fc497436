"""CaRL: one thing is paid for, progress, and what must not happen takes a share of it away.

Why: sums of many terms have optima that nobody meant, such as standing still where every move risks a penalty. Where
faults multiply what progress pays, nothing is ever won or lost by anything but progress: who stands still earns
nothing, and going on with a fault is still better than waiting.
Source: Jaeger, Dauner, Beisswenger, Gerstenecker, Chitta, Geiger, "CaRL: learning scalable planning policies with
simple rewards", CoRL 2025 (arXiv:2504.17838), section 3: route completion of a step times the product of soft
penalties. Where grave faults end a match, as in the paper, that is the environment's doing; a price for it is
`rewards/events`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl_rewards.features import Features


@dataclass(kw_only=True)
class Params:
    """What is progress, and what takes from it."""

    progress: str
    """An expression of how far one has come, such as info.route; its increase is paid."""
    faults: dict[str, float] = field(default_factory=dict)
    """By expression: which share of the progress is left where the expression is above 0, from 0 to 1."""
    backwards: bool = False
    """Whether progress that is lost is paid back; faults make that no cheaper. The paper's never is."""

    def __post_init__(self) -> None:
        for text, left in self.faults.items():
            if not 0 <= left <= 1:
                raise ValueError(f"faults: what is left under {text!r} must be between 0 and 1, not {left}")


class CaRL:
    """One channel; never below 0 unless `backwards`."""

    channels: ClassVar = {"completion": "progress times what faults leave of it"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.params = params
        self.progress = Features([params.progress], spec)
        self.faults = Features(list(params.faults), spec) if params.faults else None
        self.left = np.array(list(params.faults.values()))
        self.needs = ("before",) if self.progress.informed else ()

    def __call__(self, window: Window) -> Channels:
        """`completion`, `float64[K]`."""
        gained = self.progress.after(window)[:, 0] - self.progress.before(window)[:, 0]
        left, known = np.ones(len(window)), self.progress.known(window)
        if self.faults is not None:
            left = np.where(self.faults.after(window) > 0, self.left, 1.0).prod(axis=1)
            known = known & self.faults.known(window)
        paid = np.maximum(gained, 0.0) * left
        if self.params.backwards:
            paid += np.minimum(gained, 0.0)
        return {"completion": np.where(known, paid, 0.0)}
