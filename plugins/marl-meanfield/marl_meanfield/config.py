"""The scenario of `kind: meanfield`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class Stop:
    """When to stop: whichever comes first."""

    iterations: int = 1000
    """How many steps of the solver to do at most."""
    nash_conv: float | None = None
    """Stop when it is measured below this."""
    gap: float | None = None
    """Stop when the gap of a correlated equilibrium is below this; for solvers that have one."""

    def __post_init__(self) -> None:
        at_least(self, 0, "iterations", "nash_conv", "gap")


@dataclass
class MeanFieldConfig:
    """A mean-field game, a solver, and when to stop. Nothing in it is random."""

    RULES: ClassVar[Rules] = Rules(
        files=("progress.json", "metrics.jsonl", "blobs"),
        fixed={
            "game": "since what was solved so far is a policy of this game",
            "solver.name": "since what it has is this solver's",
        },
    )
    game: Component = component("games", help="what is solved")
    solver: Component = component("solvers", default="meanfield/mirror_descent", help="who solves it")
    name: str = "meanfield"
    """The run's name; `runs/<name>` is where it goes unless --out says otherwise."""
    stop: Stop = field(default_factory=Stop)
    measure: int = 1
    """Measure how far it is from equilibrium after so many iterations, and at the end."""
    checkpoint: int = 100
    """Iterations from one checkpoint to the next; what a killed run may lose."""

    def __post_init__(self) -> None:
        at_least(self, 1, "measure", "checkpoint")
