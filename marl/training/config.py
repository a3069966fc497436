"""The scenario of `kind: train`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from marl.arena.tolerance import Failures
from marl.compute import Compute
from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class Evaluation:
    """How a learner is measured between slices."""

    every: int = 1
    """Measure after so many slices, and at the end; 0 measures never."""
    matches: int = 200
    """Matches against each opponent, spread evenly over the sides."""
    against: list[Component] = component("players", default=["marl/random"], help="who sits on the other sides")
    previous: bool = True
    """Whether the snapshot of the measurement before is an opponent too."""
    greedy: bool = False
    """Whether the learner's network plays its most probable actions, except against `previous`; it draws them else."""
    lanes: int = 128
    """Matches played in lockstep."""

    def __post_init__(self) -> None:
        at_least(self, 0, "every")
        at_least(self, 1, "matches", "lanes")


@dataclass
class TrainConfig:
    """One learner, trained on one environment."""

    RULES: ClassVar[Rules] = Rules(
        files=("progress.json", "players.json", "metrics.jsonl", "blobs"),
        fixed={
            "env": "since what was learned and measured so far belongs to this environment",
            "start_from": "since the run has started",
            "start_parts": "since the run has started",
            "side": "since the snapshots so far learned to play this side",
            "algorithm.name": "since its checkpoints are of this algorithm",
            "algorithm.model": "since its networks are there already",
            "algorithm.sharing": "since its networks are there already",
        },
    )
    env: Component = component("environments", help="what is learned")
    algorithm: Component = component("algorithms", default="rllib/ppo", help="who learns")
    name: str = "train"
    """The run's name; `runs/<name>` is where it goes unless --out says otherwise."""
    seed: int = 0
    """All randomness follows from it."""
    env_steps: int = 1_000_000
    """How long to train: ticks of the environment, summed over lanes."""
    slice: int = 100_000
    """Env steps from one checkpoint to the next; what a killed run may lose."""
    opponents: list[Component] = component("players", default=[], help="who plays the other sides; nobody: self-play")
    start_from: Component | None = component("players", default=None, help="whose networks to start from")
    start_parts: list[str] = field(default_factory=list)
    """Which parts of these networks: weights whose names begin so (`encoder`); the others start anew. None: all."""
    dataset: str | None = None
    """Recorded matches (their directory) to learn from instead of playing; env steps are then ticks of these."""
    tasks: Component | None = component("curricula", default=None, help="which tasks are practised; nothing: all alike")
    side: int = 0
    """The side that learns where there are `opponents`; in self-play all sides do."""
    evaluation: Evaluation = field(default_factory=Evaluation)
    failures: Failures = field(default_factory=Failures)
    compute: Compute = field(default_factory=Compute)
    sinks: list[Component] = component("sinks", default=[], help="where the numbers go beside metrics.jsonl")

    @staticmethod
    def former(values: dict[str, Any]) -> None:
        """Write what a run directory of before says of TensorBoard as it is said now: it had a key of its own."""
        if values.pop("tensorboard", False):
            values.setdefault("sinks", ["marl/tensorboard"])

    def __post_init__(self) -> None:
        at_least(self, 1, "env_steps", "slice")
        at_least(self, 0, "side")
        if self.start_parts and self.start_from is None:
            raise ValueError(
                f"start_parts: {', '.join(self.start_parts)} of whose networks? Name a player in `start_from`"
            )
        for key in ("opponents", "tasks") if self.dataset is not None else ():
            if getattr(self, key):
                raise ValueError(f"{key}: nothing is played where a dataset is learned from, so leave it out")
        if self.side and not self.opponents:
            raise ValueError(
                f"side: {self.side} learns alone only where others are fixed, and in self-play all sides learn: "
                "name `opponents` too, or leave it out"
            )
