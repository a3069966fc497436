"""Meta-solvers and measures of diversity, on small tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from league.checked.metasolver import CheckedMetaSolver
from league.diversity import Known
from league.hookspecs import DIVERSITIES
from league.payoffs import Payoffs
from marl.errors import RunError, UserError
from marl.registry import Component, Registry

_CYCLE = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
_TABLES = {"one player": np.zeros((1, 1)), "a cycle": _CYCLE, "two against three": np.arange(6.0).reshape(2, 3) - 3}


def metasolver(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """It gives distributions for small zero-sum tables."""
    solve, refused = CheckedMetaSolver(Component(name, dict(params)), registry), []
    for title, table in _TABLES.items():
        try:
            solve(Payoffs.of([table, -table]))
        except UserError as error:
            refused.append(f"{title}: {error}")
    return refused[0] if len(refused) == len(_TABLES) else ""


def diversity(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """It gives numbers of the right shapes, and its slopes are those of its value."""
    measure, draws = registry.make(DIVERSITIES, name, params), np.random.default_rng(7)
    subject = registry.describe(DIVERSITIES, name)
    known = Known(draws.uniform(-1, 1, (3, 4)), draws.dirichlet(np.ones(5), 3), np.array([0.2, 0.3, 0.5]))
    at = {"by_row": draws.uniform(-1, 1, 4), "by_behaviour": draws.dirichlet(np.ones(5))}
    gain = measure(known, *at.values())
    for what, point in at.items():
        slope = np.asarray(getattr(gain, what))
        if slope.shape != point.shape or not (np.isfinite(slope).all() and np.isfinite(gain.value)):
            right = f"{list(point.shape)} finite numbers are right"
            raise RunError(f"{subject} gave {what} of the shape {list(slope.shape)}, and {right}")
        for place, step in enumerate(np.eye(len(point)) * 1e-5):
            up, down = (measure(known, *(at | {what: point + sign * step}).values()).value for sign in (1, -1))
            risen = (up - down) / 2e-5
            if abs(risen - slope[place]) > 1e-3 * max(1.0, abs(risen)):
                raise RunError(
                    f"{subject} says in {what}[{place}] {slope[place]:g}, where its value rises by {risen:g}"
                )
    return ""
