"""What an algorithm is lent, without a run: for tests of algorithms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from marl.algorithm import Checkpoint
from marl.env import Environment
from marl.policy import Policy
from marl.registry import ENVIRONMENTS, load_registry


def _made(name: str, params: Mapping[str, Any], lanes: int) -> Environment:
    environment: Environment = load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)
    return environment


class Host:
    """`marl.algorithm.Services` over one environment, in this process; nothing is written down.

    `environment`: the full name of a registered environment, with its parameters, or a function of the lanes.
    `checkpoints`, `policies`: what jobs name, by id; tests put it there. `logged`, `warnings`: what was said. `make`:
    how workers make the environment, too.
    """

    def __init__(self, environment: str | Callable[[int], Environment], **params: Any) -> None:
        self.make = partial(_made, environment, params) if isinstance(environment, str) else environment
        self.spec = self.environment(1).spec
        self.checkpoints: dict[str, Checkpoint] = {}
        self.policies: dict[str, Policy] = {}
        self.logged: list[dict[str, float]] = []
        self.warnings: list[str] = []

    def environment(self, lanes: int) -> Environment:
        """See `Services.environment`."""
        return self.make(lanes)

    def checkpoint(self, id: str) -> Checkpoint:
        """See `Services.checkpoint`."""
        return self.checkpoints[id]

    def policy(self, id: str) -> Policy:
        """See `Services.policy`."""
        return self.policies[id]

    def log(self, step: int, **values: float) -> None:
        """See `Services.log`."""
        self.logged.append(values)

    def warn(self, text: str) -> None:
        """See `Services.warn`."""
        self.warnings.append(text)
