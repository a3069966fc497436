"""The scenario of `kind: league`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from league.value import Value
from marl.arena.tolerance import Failures
from marl.compute import Compute
from marl.registry.component import rest
from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class Bound:
    """Where a measure ends a league: when its whole 95 % interval is beyond."""

    below: float | None = None
    """End when it is below this."""
    above: float | None = None
    """End when it is above this."""

    def met(self, value: Value | None) -> Literal["below", "above", ""]:
        """On which side the whole 95 % interval of a value is beyond; "" where it is not, or is not known."""
        if value is None or value.low is None or value.high is None:
            return ""
        if self.below is not None and value.high < self.below:
            return "below"
        return "above" if self.above is not None and value.low > self.above else ""


@dataclass
class Stop:
    """When to stop: whichever comes first."""

    iterations: int | None = 1000
    """How many iterations to do at most."""
    seconds: float | None = None
    """Run time over all resumes. A run that stops by the clock is not reproducible to the last iteration."""
    measures: dict[str, float | Bound] = rest(
        "measures", help="stop by a measure: a number (better than it), or {below, above}"
    )

    def __post_init__(self) -> None:
        at_least(self, 0, "iterations", "seconds")


@dataclass
class PayoffSettings:
    """Where payoffs come from."""

    MOVED: ClassVar[Mapping[str, str]] = {
        "mode": "it is `source` now: write `source: sampled`, or `exact`, or `auto`"
    } | {
        name: f"it belongs to the source now: write `source: {{name: sampled, {name}: ...}}`"
        for name in ("matches", "lanes")
    }
    source: Component = component(
        "payoff_sources", default="league/auto", help="exact, sampled (with matches), or auto: exact where it can be"
    )
    pairings: Literal["needed", "all"] = "needed"
    """`needed`: those that the strategy asks for, and those that the value of its mixtures takes; `all`: every one."""
    limit: int | None = None
    """Matches an iteration at most, where a strategy asks for more of them round by round; null: as it likes."""

    def __post_init__(self) -> None:
        at_least(self, 1, "limit")


@dataclass(frozen=True)
class LeagueCompute(Compute):
    """`compute:` of a league: beside what every run has, who does its jobs."""

    processes: int = 0
    """Worker processes that do jobs side by side; 0: the process that runs the league does them, one by one."""
    pool: Literal["local", "ray"] = "local"
    """Where they are: on this machine, or wherever a Ray cluster has a free CPU."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "processes")
        if self.pool == "ray" and not self.processes:
            raise ValueError("pool: ray needs processes: how many jobs it may do at once")
        if self.pool == "ray" and self.backend == "ray":
            raise ValueError(
                "backend: ray inside of pool: ray would wait for CPUs that its own jobs hold: take backend: local, or "
                "pool: local"
            )


@dataclass
class LeagueConfig:
    """A league: an environment, a strategy, and when to stop."""

    RULES: ClassVar[Rules] = Rules(
        files=("ledger.db", "ledger.db-wal", "players.json", "metrics.jsonl", "blobs"),
        fixed={
            "env": "since its players and their payoffs belong to this environment",
            "payoffs.source.name": "since exact and sampled payoffs would stand in one table",
            "population": "since its players are there already",
            "start_from": "since the run has started",
            "ledger": "since its history stands there",
            "blobs": "since its snapshots are there",
            "strategy.founder": "since its first players are there already",
        },
    )
    env: Component = component("environments", help="the game")
    strategy: Component = component("strategies", default="league/psro", help="decides the next jobs")
    population: Literal["auto", "one", "by_side"] = "auto"
    """`one` plays all sides of a symmetric game; `by_side`: each side has its own; `auto`: one where it can be."""
    start_from: Component | None = component("players", default=None, help="whose networks learners start from")
    name: str = "league"
    """The run's name; `runs/<name>` is where it goes unless --out says otherwise."""
    seed: int = 0
    """All randomness follows from it."""
    payoffs: PayoffSettings = field(default_factory=PayoffSettings)
    measures: list[Component] | None = component(
        "measures", default=None, help="taken after every iteration, the headline first; null: NashConv where exact"
    )
    stop: Stop = field(default_factory=Stop)
    sinks: list[Component] = component("sinks", default=[], help="where the numbers go beside metrics.jsonl")
    failures: Failures = field(default_factory=Failures)
    workers: int = 1
    """Logical workers: how many jobs go on at once. Part of the outcome; who really does them says `compute`."""
    completions: Literal["logical", "free"] = "logical"
    """When a job's turn comes: in the order of budgets, which is always the same, or `free`, as they are done."""
    compute: LeagueCompute = field(default_factory=LeagueCompute)
    ledger: str | None = None
    """A database URL that several machines share; by default ledger.db in the run directory."""
    blobs: str | None = None
    """A URL for snapshots that several machines share, as fsspec knows it; by default blobs/ in the run directory."""
    lease_seconds: float = 60.0
    """How long the league stays reserved for a process that is not heard of, where they share a ledger."""

    def __post_init__(self) -> None:
        at_least(self, 1, "workers", "lease_seconds")

    @staticmethod
    def former(values: dict[str, Any]) -> None:
        """Write what a run directory of before says of payoffs as it is said now: `mode` was a word."""
        payoffs = values.get("payoffs")
        if isinstance(payoffs, dict) and "mode" in payoffs and "source" not in payoffs:
            mode = payoffs.pop("mode")
            params = {key: payoffs.pop(key) for key in ("matches", "lanes") if key in payoffs}
            payoffs["source"] = {"name": f"league/{mode}", **({} if mode == "exact" else params)}
