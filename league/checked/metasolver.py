"""A meta-solver whose answers are checked: what is wrong is said with the plugin, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from league.hookspecs import METASOLVERS
from league.metasolvers import MetaSolver
from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.registry import Component, Registry, blamed, wrong
from marl.types import Array, Floats

_CALL = "a call with payoffs"
CLOSE = 1e-6  # how far from 1 a sum may be


class CheckedMetaSolver:
    """The meta-solver of a component. Strategies make theirs so.

    Raises RunError where it fails, or gives no distributions; UserError for a game that it cannot solve.
    """

    def __init__(self, component: Component, registry: Registry) -> None:
        self.subject = registry.describe(METASOLVERS, component.name)
        self.solve: MetaSolver = registry.make(METASOLVERS, component.name, component.params)

    def __call__(self, payoffs: Payoffs) -> list[Floats] | Joint:
        """One distribution per population, `float64[n]`, or a joint one over pairings."""
        sizes = payoffs.sizes
        alike = ", the same for all, since one population plays them" if payoffs.symmetric else ""
        right = f"a distribution for each side over so many players: {list(sizes)}{alike}; or a Joint"
        with blamed(self.subject, _CALL, right):
            given: Any = self.solve(payoffs)
            joint = isinstance(given, Joint)
            parts = [given.weights] if joint else given
            answer = None if parts is None else [np.asarray(one, dtype=np.float64) for one in parts]
        if answer is None:
            raise wrong(self.subject, _CALL, given, right)
        if fault := joint_fault(answer[0], sizes) if joint else distribution_fault(answer, sizes):
            right = "a Joint whose weights sum to 1" if joint and "sums to" in fault else right
            raise wrong(self.subject, f"{_CALL}, where {fault}", given, right)
        if joint:
            return Joint(answer[0]).exchangeable() if payoffs.symmetric else Joint(answer[0])
        if not payoffs.symmetric:
            return answer
        if (apart := max(float(np.abs(one - answer[0]).max()) for one in answer)) > CLOSE:
            raise wrong(self.subject, f"{_CALL}, where weights of two sides differ by {apart:g}", given, right)
        return answer[:1]


def joint_fault(weights: Floats, sizes: Sequence[int]) -> str:
    """Why this is no distribution over pairings of so many players, or ""."""
    if weights.shape != tuple(sizes):
        return f"the weights of a Joint have the shape {list(weights.shape)}, and not {list(sizes)}"
    return distribution_fault([weights.reshape(-1)], [weights.size])


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
