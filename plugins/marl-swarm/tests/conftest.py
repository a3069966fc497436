"""Training in this process, without a league: services over a registered environment, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl.registry import ENVIRONMENTS, load_registry


class Host:
    """`marl.algorithm.Services` over one environment."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.make, self.spec = make, make(1).spec
        self.checkpoints: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.logged: list[dict[str, float]] = []

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.checkpoints[id]

    def log(self, step: int, **values: float) -> None:
        self.logged.append(values)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture(scope="session")
def host() -> Callable[..., Host]:
    """Services over a registered environment, or over a function of the lanes."""

    def make(environment: Any, **params: Any) -> Host:
        if isinstance(environment, str):
            registry = load_registry()
            return Host(lambda lanes: registry.make(ENVIRONMENTS, environment, params, lanes=lanes))
        return Host(environment)

    return make
