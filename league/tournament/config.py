"""The scenario of `kind: tournament`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from league.referee.clocks import Clocks, Output
from league.referee.scoring import Scoring
from league.sandbox import Limits
from marl.registry.ranges import at_least
from marl.run.rules import Rules
from marl.scenario import Component, component


@dataclass
class BudgetConfig:
    """What all matches that go on at once may use together. A match starts only when what it may need is free."""

    matches: int = 0
    """Matches at once; 0: one for each processor."""
    processes: int = 2048
    """Processes and threads of all bots together."""
    memory_mb: int = 0
    """Memory of all bots together, in MiB; 0: four fifths of what is free when the host starts."""

    def __post_init__(self) -> None:
        at_least(self, 0, "matches", "memory_mb")
        at_least(self, 1, "processes")


@dataclass
class TournamentConfig:
    """A tournament: a game, a schedule, and what bots may use."""

    RULES: ClassVar[Rules] = Rules(fixed={"": "since an event is played as it was announced"})
    env: Component = component("environments", help="the game")
    schedule: Component = component("schedules", default="league/round_robin", help="decides the next pairings")
    ratings: Component = component("ratings", default="league/bradley_terry", help="rates the players in the standings")
    name: str = "tournament"
    """The event's name; `runs/<name>` is where `marl run` puts it unless --out says otherwise."""
    seeding: Literal["entry", "random"] = "entry"
    """Who is seeded before whom: in the order of entry, or at random, by `seed`."""
    seeds: list[str] = field(default_factory=list)
    """Players who are seeded before all others, best first."""
    seed: int = 0
    """What the schedule draws by; the matches' seeds follow from the event's secret alone."""
    deals: Literal["own", "shared"] = "own"
    """Whether the games of a meeting, seats swapped, share their chance: that takes luck out, but what is hidden in one
    game is then known from the other, so that no bot may be able to remember (docs/sandboxes.md)."""
    bots: list[str] = field(default_factory=list)
    """Who takes part, as for `marl tournament submit`; more can be submitted until the event begins."""
    scoring: Scoring = field(default_factory=Scoring)
    """What a match counts, and what becomes of it when a bot fails."""
    opening: int = 0
    """The first so many ticks of each match are played at random by the host, alike in both games of a pair."""
    clocks: Clocks = field(default_factory=Clocks)
    """How long a side may take."""
    limits: Limits = field(default_factory=Limits)
    """What one bot may use."""
    output: Output = field(default_factory=Output)
    """How much a bot may write."""
    drawer: Component | None = component("drawers", default=None, help="draws the replays; null: the game itself does")
    sandbox: Component = component("sandboxes", default="league/bubblewrap", help="where bots run")
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    ledger: str | None = None
    """A database URL that several hosts share; by default ledger.db in the event's directory."""
    lease_seconds: float = 60.0
    """How long a match stays reserved for a host that is not heard of; matters where several share a ledger."""

    def __post_init__(self) -> None:
        at_least(self, 0, "opening")
        at_least(self, 5, "lease_seconds")
