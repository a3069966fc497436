"""The scenario of `kind: league`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from marl.arena.tolerance import Failures
from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class Stop:
    """When to stop: whichever comes first."""

    iterations: int | None = 1000
    """How many iterations to do at most."""
    nash_conv: float | None = None
    """Stop when NashConv is below this (games with a sequence form, however payoffs are found). 0 measures it only."""
    seconds: float | None = None
    """Run time over all resumes. A run that stops by the clock is not reproducible to the last iteration."""

    def __post_init__(self) -> None:
        at_least(self, 0, "iterations", "nash_conv", "seconds")


@dataclass
class PayoffSettings:
    """Where payoffs come from."""

    mode: Literal["auto", "exact", "sampled"] = "auto"
    """`exact` needs a game with a sequence form; `sampled` plays matches; `auto` is exact where it can be."""
    matches: int = 1000
    """Matches per pairing where they are sampled; a seed range, so that more can be added later."""
    pairings: Literal["needed", "all"] = "needed"
    """`needed`: those that the strategy asks for, and those that the value of its mixtures takes; `all`: every one."""
    lanes: int = 256
    """Matches played in lockstep."""

    def __post_init__(self) -> None:
        at_least(self, 1, "matches", "lanes")


@dataclass
class LeagueConfig:
    """A league: an environment, a strategy, and when to stop."""

    RULES: ClassVar[Rules] = Rules(
        files=("ledger.db", "ledger.db-wal", "metrics.jsonl", "blobs"),
        fixed={
            "env": "since its players and their payoffs belong to this environment",
            "payoffs.mode": "since exact and sampled payoffs would stand in one table",
            "strategy.founder": "since its first players are there already",
        },
    )
    env: Component = component("environments", help="the game")
    strategy: Component = component("strategies", default="league/psro", help="decides the next jobs")
    name: str = "league"
    """The run's name; `runs/<name>` is where it goes unless --out says otherwise."""
    seed: int = 0
    """All randomness follows from it."""
    payoffs: PayoffSettings = field(default_factory=PayoffSettings)
    stop: Stop = field(default_factory=Stop)
    failures: Failures = field(default_factory=Failures)
