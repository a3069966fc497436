"""Parameters of policies and algorithms here. Importing this imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from marl.registry.ranges import above, at_least, at_most
from marl.training.model import ModelConfig


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


@dataclass
class PlayerParams:
    """How a player of AlphaZero plays."""

    simulations: int = 100
    """Simulations a move; 0: the network alone decides."""
    exploration: float = 1.25
    """How much the network's opinion counts beside what was found (c_init of PUCT)."""
    greedy: bool = False
    """What was tried most often, always, instead of a draw in proportion to how often it was tried."""

    def __post_init__(self) -> None:
        at_least(self, 0, "simulations", "exploration")


@dataclass
class AlphaZeroParams:
    """How AlphaZero plays against itself, and learns from that."""

    model: ModelConfig = field(default_factory=ModelConfig)
    """The shape of the network; one for all sides, so it must see who is to move."""
    env_steps: int = 100_000
    """Ticks of the environment, summed over lanes, that a job lasts unless it states its own budget."""
    lanes: int = 256
    """Matches that are played in lockstep: so many positions are searched together."""
    rows: int = 4096
    """Positions per update, at least: moves that were searched and played."""
    simulations: int = 64
    """Simulations a move."""
    exploration: float = 1.25
    """How much the network's opinion counts beside what was found (c_init of PUCT)."""
    noise: float = 1.0
    """The concentration of the Dirichlet noise that is a quarter of the prior at the root; 0 is none."""
    drawn: int = 12
    """In so many first ticks of a match moves are drawn in proportion to visits; then the most visited is played."""
    capacity: int = 100_000
    """How many positions are kept to learn from: the newest. They are part of every checkpoint."""
    reuse: float = 4.0
    """How often each position is learned from, on average."""
    minibatch: int = 1024
    """Positions per gradient step."""
    lr: float = 2e-3
    """Adam's learning rate."""
    lr_end: float | None = None
    """Where it goes, linearly over the horizon; it stays as it is by default."""
    horizon: int | None = None
    """The env steps over which it goes there; by default the whole run, or the budget of a job."""
    decay: float = 1e-4
    """The weight of the squared weights in the loss."""
    play_simulations: int = 50
    """Simulations a move of the player that comes out, unless it is told otherwise; 0: its network alone."""

    def __post_init__(self) -> None:
        at_least(self, 1, "env_steps", "lanes", "rows", "simulations", "capacity", "minibatch", "horizon")
        at_least(self, 0, "exploration", "noise", "drawn", "decay", "lr_end", "play_simulations")
        above(self, 0, "lr", "reuse")
        at_most(self, self.capacity, "minibatch")
