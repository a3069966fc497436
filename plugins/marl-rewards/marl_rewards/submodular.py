"""Diminishing returns: the more of something an agent has had in a match, the less another one is worth.

Why: what is paid for each time alike is farmed: the third scan of the same room is worth what the first was. A concave
function of the total makes gains submodular: `f(total after) - f(total before)` never grows with the total, and sums
up to `f` of the total of the match.
Source: Prajapat, Mutny, Zeilinger, Krause, "Submodular reinforcement learning", ICLR 2024 (arXiv:2307.13372), section
3, whose rewards are marginal gains of a submodular function of what was visited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from marl.env import EnvSpec
from marl.errors import suggestion
from marl.reward import Channels, Window
from marl.types import Floats
from marl_rewards.features import Whose, own

CURVES: dict[str, Callable[[Floats], Floats]] = {
    "sqrt": np.sqrt,
    "log": np.log1p,
    "saturating": lambda x: 1 - np.exp(-x),
}


@dataclass(kw_only=True)
class Params:
    """Of what, and how fast it loses its worth."""

    total: str
    """A column of the environment's `info` that counts since the match began, from 0 up."""
    curve: Literal["sqrt", "log", "saturating"] = "sqrt"
    """`sqrt(x)`, `log(1 + x)`, or `1 - exp(-x)`, which stops at 1."""
    scale: float = 1.0
    """How much counts as one: the curve is that of `total / scale`."""
    whose: Whose = "match"
    """Whether the column has one number, or one for every `agent` or `side`, of which the own is paid."""

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"scale must be above 0, not {self.scale}")


class Submodular:
    """One channel: the marginal gain. Raises ValueError for a total below 0."""

    needs = ("before",)
    channels: ClassVar = {"gain": "the marginal gain of a concave function of a total"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        if params.total not in spec.info:
            raise ValueError(
                f"total: the environment has no column {params.total!r}{suggestion(params.total, spec.info)}"
            )
        self.params = params

    def __call__(self, window: Window) -> Channels:
        """`gain`, `float64[K]`."""
        rows, name = window.rows, self.params.total
        return {"gain": self._worth(rows.info[name], window) - self._worth(rows.before[name], window)}

    def _worth(self, column: Floats, window: Window) -> Floats:
        total = own(column, window, self.params.whose, self.params.total)
        if (total < 0).any():
            raise ValueError(f"the column {self.params.total!r} is {total.min():g} in a row: totals count from 0 up")
        return CURVES[self.params.curve](total / self.params.scale)
