"""The parameters of VMAS's scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class VmasParams:
    """Parameters of one scenario."""

    options: dict[str, Any] = field(default_factory=dict)  # the scenario's own, such as {n_agents: 4}
    discrete: bool = False  # whether agents choose among a few forces, instead of acting in real numbers
    steps: int = 100  # ticks until a match is cut short

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 100_000:
            raise ValueError(f"steps must be between 1 and 100000, not {self.steps}")


@dataclass
class AnyParams(VmasParams):
    """Parameters of a scenario, and which it is."""

    scenario: str = "balance"  # its name, with the folder in VMAS where it has one
