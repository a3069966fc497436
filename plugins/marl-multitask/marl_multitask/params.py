"""Parameters of the environment and of the networks. They stand apart: reading a scenario imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from marl.registry import Component, component


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
