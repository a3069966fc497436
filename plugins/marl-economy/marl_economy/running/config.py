"""The scenario of `kind: economy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class EconomyConfig:
    """An economy, who plans and who works in it. Nothing is learned by gradients: players are what they are."""

    RULES: ClassVar[Rules] = Rules(
        files=("progress.json", "players.json", "metrics.jsonl", "said.jsonl", "blobs"),
        fixed={
            "env": "since the years so far were those of this economy",
            "planner.name": "since it set the taxes so far",
            "workers.name": "since they worked so far",
            "matches": "since the years so far are those of so many",
            "seed": "since the years so far follow from it",
        },
    )
    env: Component = component("environments", help="the economy: economy/labour or economy/town")
    planner: Component = component("players", default="economy/language", help="who sets taxes")
    workers: Component = component("players", default="economy/rational", help="who works")
    name: str = "economy"
    """The run's name; `runs/<name>` is where it goes unless --out says otherwise."""
    seed: int = 0
    """All randomness follows from it, but for that of language models."""
    matches: int = 1
    """Matches side by side, of which means are shown."""

    def __post_init__(self) -> None:
        at_least(self, 1, "matches")
