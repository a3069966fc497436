"""Parameters of the environment and of the networks. They stand apart: reading a scenario imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from marl.registry import Component, component
from marl.registry.ranges import at_least
from marl.training.hyper import not_negative
from marl_rllib.params import PPOParams


@dataclass(kw_only=True)
class SeveralParams:
    """Parameters of `several`."""

    tasks: dict[str, Component] = component("environments", help="by a name of your choice: what is played")

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValueError("tasks: name one environment or more, each under a name of your choice")
        for name in self.tasks:
            if not re.fullmatch(r"[A-Za-z]\w*", name):
                raise ValueError(f"tasks: {name!r} is no name for a task: letters, digits and _ are right")


@dataclass(kw_only=True)
class ResourcesParams:
    """Parameters of `resources`."""

    sizes: list[int] = field(default_factory=lambda: [2, 4, 8])
    """How many agents there are in a match: each size is a task."""
    most: int = 12
    """The largest size at which a policy of this game can play, in any run."""
    resources: int = 3
    """How many there are to choose from."""
    way: float = 1.0
    """What a way of the length 1 costs; resources are worth 1 to 4."""

    def __post_init__(self) -> None:
        at_least(self, 2, "most", "resources")
        at_least(self, 0, "way")
        if not self.sizes or len(set(self.sizes)) < len(self.sizes):
            raise ValueError(f"sizes must be one size or more, each once, not {self.sizes}")
        if not all(1 <= size <= self.most for size in self.sizes):
            raise ValueError(f"sizes must be between 1 and most ({self.most}), not {self.sizes}")


@dataclass(frozen=True)
class RelationsParams:
    """Parameters of `relations`."""

    modes: int = 4
    """How many ways to play there are: each attends to others in a way of its own, and which one an agent plays in a
    match is drawn, by chances that follow from the number of agents. 1: a single policy."""
    width: int = 32
    """Of all layers."""
    told: bool = True
    """Whether what all modes share knows the number of agents, too, or only the chances do."""

    def __post_init__(self) -> None:
        at_least(self, 1, "modes", "width")


@dataclass(frozen=True)
class SharedParams:
    """Parameters of `shared`."""

    front: list[int] = field(default_factory=lambda: [64])
    """The widths of the layers by which each task perceives."""
    back: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the layers that all tasks share."""
    activation: Literal["tanh", "relu", "silu"] = "relu"
    """What stands between the layers."""
    normed: bool = False
    """Whether every layer normalises what it has computed, as `values/normed` does."""
    memory: int = 0
    """The size of a GRU behind the layers, shared too; 0: none."""

    def __post_init__(self) -> None:
        for name in ("front", "back"):
            if not getattr(self, name) or any(width < 1 for width in getattr(self, name)):
                raise ValueError(f"{name} must be one width or more, each 1 or more, not {getattr(self, name)}")
        if self.memory < 0:
            raise ValueError(f"memory must be 0 or more, not {self.memory}")


@dataclass(kw_only=True)
class MRAParams(PPOParams):
    """Hyper-parameters of MRA."""

    information: float = 0.01
    """What a nat of information that an action gives about the mode is worth."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "information")
        if self.staleness:
            raise ValueError("staleness: modes are those of the weights that played, so leave it at 0")
