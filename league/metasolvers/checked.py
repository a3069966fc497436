"""A meta-solver whose answers are checked: what is wrong is said with the plugin, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from league.hookspecs import METASOLVERS
from league.metasolvers import MetaSolver
from league.payoffs import Payoffs
from marl.registry import Component, Registry, blamed, wrong
from marl.types import Array, Floats

CLOSE = 1e-6  # how far from 1 a sum may be


class CheckedMetaSolver:
    """The meta-solver of a component. Strategies make theirs so.

    Raises RunError where it fails, or gives no distributions; UserError for a game that it cannot solve.
    """

    def __init__(self, component: Component, registry: Registry) -> None:
        self.subject = registry.describe(METASOLVERS, component.name)
        self.solve: MetaSolver = registry.make(METASOLVERS, component.name, component.params)

    def __call__(self, payoffs: Payoffs) -> list[Floats]:
        """One distribution per population, `float64[n]`."""
        sizes = payoffs.sizes
        alike = ", the same for all, since one population plays them" if payoffs.symmetric else ""
        right = f"a distribution for each side over so many players: {list(sizes)}{alike}"
        with blamed(self.subject, "a call with payoffs", right):
            given: Any = self.solve(payoffs)
            answer = None if given is None else [np.asarray(one, dtype=np.float64) for one in given]
        if answer is None:
            raise wrong(self.subject, "a call with payoffs", given, right)
        if fault := distribution_fault(answer, sizes):
            raise wrong(self.subject, f"a call with payoffs, where {fault}", given, right)
        if not payoffs.symmetric:
            return answer
        if (apart := max(float(np.abs(one - answer[0]).max()) for one in answer)) > CLOSE:
            raise wrong(
                self.subject, f"a call with payoffs, where weights of two sides differ by {apart:g}", given, right
            )
        return answer[:1]


def distribution_fault(mixtures: Sequence[Array | Sequence[float]], sizes: Sequence[int]) -> str:
    """Why these are no distributions over so many each, or ""."""
    if len(mixtures) != len(sizes):
        return f"there are {len(mixtures)} of them"
    for number, (mixture, size) in enumerate(zip(mixtures, sizes, strict=True)):
        weights = np.asarray(mixture, dtype=np.float64)
        which = f"number {number}" if len(sizes) > 1 else "it"
        if weights.shape != (size,):
            return f"{which} has the shape {list(weights.shape)}"
        if (bad := weights[~((weights >= 0) & np.isfinite(weights))]).size:
            return f"{which} has a weight of {bad[0]:g}"
        if abs(weights.sum() - 1) > CLOSE:
            return f"{which} sums to {weights.sum():g}"
    return ""
