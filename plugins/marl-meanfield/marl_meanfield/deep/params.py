"""Parameters of the solvers with networks. They stand apart: reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from marl.registry.ranges import above, at_least, at_most


@dataclass
class QParams:
    """Of deep Q-learning."""

    agents: int = 100
    """Of each population: how many lives are seen in an iteration."""
    exploration: float = 0.1
    """How often they take any action."""
    steps: int = 300
    """Gradient steps of an iteration."""
    batch: int = 256
    """Rows of a step."""
    width: int = 64
    """Of the hidden layers."""
    rate: float = 0.001
    """Adam's learning rate."""
    seed: int = 0
    """Where chance begins."""

    def __post_init__(self) -> None:
        at_least(self, 1, "agents", "steps", "batch", "width")
        at_least(self, 0, "exploration", "seed")
        above(self, 0, "rate")


@dataclass
class MunchausenParams(QParams):
    """Of D-MOMD."""

    temperature: float = 10.0
    """One over mirror descent's learning rate."""

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self, 0, "temperature")


@dataclass
class AverageParams(QParams):
    """Of D-AFP."""

    capacity: int = 200_000
    """Of the reservoir: rows of responses' lives that the average is learned from."""
    average_steps: int = 300
    """Gradient steps of the average network in an iteration."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "capacity", "average_steps")


@dataclass
class PPOParams:
    """Of mean-field PPO."""

    agents: int = 100
    """Of each population: how many lives are seen in an update."""
    updates: int = 3
    """Of an iteration, in which the flow stays."""
    steps: int = 40
    """Gradient steps of an update."""
    batch: int = 256
    """Rows of a step."""
    clip: float = 0.2
    """How far an update may go from the policy of the update before."""
    iteration_clip: float = 0.1
    """How far it may go from the population's."""
    share: float = 0.5
    """Of the loss that is clipped around the update before; the rest is around the population's policy."""
    entropy: float = 0.01
    """What the entropy of the policy counts."""
    smoothing: float = 0.95
    """The lambda of generalised advantages."""
    width: int = 64
    """Of the hidden layers."""
    rate: float = 0.001
    """Adam's learning rate."""
    seed: int = 0
    """Where chance begins."""

    def __post_init__(self) -> None:
        at_least(self, 1, "agents", "updates", "steps", "batch", "width")
        at_least(self, 0, "share", "entropy", "smoothing", "seed")
        at_most(self, 1, "share", "smoothing")
        above(self, 0, "rate", "clip", "iteration_clip")
