"""Parameters of policies and algorithms here. Importing this imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from marl.registry.ranges import at_least


@dataclass
class MCTSParams:
    """How MCTS searches."""

    simulations: int = 100
    """Simulations a move."""
    exploration: float = 2.0
    """UCT's constant, for returns on a scale from -1 to 1."""

    def __post_init__(self) -> None:
        at_least(self, 1, "simulations")
        at_least(self, 0, "exploration")
