"""What a league looks like at one moment: a read-only view of its ledger, for strategies, dashboards and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from league.measures.measure import About, Value
from league.payoffs import Payoffs


@dataclass(frozen=True)
class Player:
    """A named member of the league.

    `parents` are the players whose mixture it was trained against, the heaviest first, or its own earlier versions;
    `born` is the iteration that added it (0 for those the league started with). `checkpoint` is what its training can
    go on from, or None.
    """

    name: str
    side: int
    snapshot: str
    born: int
    role: str = "main"
    parents: tuple[str, ...] = ()
    checkpoint: str | None = None


@dataclass(frozen=True)
class Iteration:
    """One finished iteration; number 0 is the league's start.

    `mixtures[s]` weighs the players of side `s` that were there at its end, in order of birth. `values[s]` is what the
    side earns when all follow them, and `margins[s]` half its 95 % interval: 0 where payoffs are exact, None where too
    few matches were played to tell. `measures` are what was measured at its end, by name. `seconds` is run time so far,
    over all resumes.
    """

    number: int
    mixtures: tuple[tuple[float, ...], ...]
    measures: Mapping[str, Value]
    values: tuple[float, ...]
    seconds: float
    margins: tuple[float | None, ...] = ()

    @property
    def worth(self) -> tuple[tuple[float, float | None], ...]:
        """What each side earns, and half its 95 % interval; those of older ledgers are taken as exact."""
        return tuple(zip(self.values, self.margins or (0.0,) * len(self.values), strict=True))


@dataclass(frozen=True)
class LeagueView:
    """Everything a reader needs. `players` are in order of birth within each side.

    `payoffs[s]` is side `s`'s mean return in every pairing, `[n_0, n_1, ...]` (NaN where nothing was played), with the
    players of side `s` on axis `s`; how sure it is and which players are the same, see `league.payoffs.Payoffs`.
    `measured` is what people read of every measure that was taken, by name, the headline first. `planned` is how many
    iterations there are to be at most, or None where only something else ends the league.
    """

    name: str
    env: str
    sides: tuple[str, ...]
    players: tuple[Player, ...]
    iterations: tuple[Iteration, ...]
    payoffs: Payoffs
    scenario: str = ""
    finished: bool = False
    measured: Mapping[str, About] = field(default_factory=dict)
    planned: int | None = None

    @cached_property
    def populations(self) -> tuple[tuple[Player, ...], ...]:
        """The players of each side, in order of birth."""
        return tuple(tuple(p for p in self.players if p.side == side) for side in range(len(self.sides)))
