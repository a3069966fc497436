"""Parameters of Deep CFR. Importing this imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from marl.registry.ranges import above, at_least
from marl.training.model import ModelConfig, Sharing


@dataclass
class DeepCFRParams:
    """How much is traversed, what is kept of it, and how networks are fitted to that."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(activation="relu"))
    """The shape of all networks: one of advantages for each side, and those that play."""
    sharing: Sharing = "side"
    """Who shares a network that plays: `all` agents of a group, or those of a group on one `side`; or `none`."""
    iterations: int = 20
    """Iterations that a job lasts, unless it states its own budget (`kind: train`: in env steps)."""
    traversals: int = 500
    """Traversals of each side in an iteration, all at once."""
    capacity: int = 200_000
    """Rows that each reservoir keeps: a uniform sample of all that there were. They are part of every checkpoint."""
    steps: int = 300
    """Gradient steps to fit the advantages of a side, in each iteration, from scratch."""
    play_steps: int = 2000
    """Gradient steps to fit a network that plays, at the end of a job, from scratch."""
    minibatch: int = 1024
    """Information sets per gradient step, drawn by their weight; all of them where there are no more."""
    lr: float = 0.01
    """Adam's learning rate at the first step of a fit; it falls to 0 at the last, in a straight line."""
    max_grad_norm: float = 1.0
    """Clips the global norm of gradients."""

    def __post_init__(self) -> None:
        at_least(self, 1, "iterations", "traversals", "capacity", "steps", "play_steps", "minibatch")
        above(self, 0, "lr", "max_grad_norm")
        if self.model.recurrent:
            raise ValueError("model.kind: information sets are looked at one by one, so it must not have a memory")
        for name in ("identity", "normalise_observations", "normalise_returns"):
            if getattr(self.model, name):
                raise ValueError(f"model.{name}: these networks see observations as they are; leave it out")
