"""What a schedule gives and what it is told: pairings and results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from marl.snapshot import JSON


@dataclass(frozen=True, slots=True)
class Pairing:
    """One match that is to be played."""

    id: str
    """Unique in its schedule, and the same whenever the schedule is asked again."""
    players: tuple[str, ...]
    """Who plays, in the order of the sides."""
    seed_index: int
    """Matches with the same number share their chance seed: the same meeting with the seats swapped."""
    round: int
    """Counts from 1."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a match ended. A forfeit is an ordinary result: 0 for who forfeited."""

    pairing: str
    """The pairing's id."""
    players: tuple[str, ...]
    """As in the pairing."""
    scores: tuple[float, ...]
    """Points in [0, 1] per side: 1, 0.5 and 0 for two sides; the share of opponents beaten for more (`shares`)."""
    void: bool = False
    """Nobody's fault (a host error): the match is played again, and counts for nobody. `scores` is then ignored."""
    round: int = 0
    """The pairing's round, for ratings that go by periods."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the standings."""

    rank: int
    """Counts from 1; players that nothing separates share one."""
    player: str
    points: float
    """A meeting of several games counts as many points as it has games; what else counts, the schedule says."""
    played: int
    """Games."""
    unplayed: float = 0.0
    """How many of the points came without a match: by byes, or by matches that stayed void."""
    tiebreaks: tuple[tuple[str, float], ...] = ()
    """What separates equal points, in this order: names and values."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a schedule has to say beside the table, such as where a test stands."""

    name: str
    text: str
    """For people."""
    value: JSON
    """For machines."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A meeting of a bracket, for people."""

    id: str
    """What the ids of its pairings begin with."""
    part: str
    """What is drawn side by side: the winners' bracket, say; "" where there is one part only."""
    stage: str
    """Its column: "Semi-finals"."""
    players: tuple[str | None, str | None]
    """Who plays; "" who is not known yet, None a bye."""
    points: tuple[float, float]
    """Of all their games so far."""
    winner: str
    """Who goes on; "" while that is open."""


class Schedule(Protocol):
    """Decides the next pairings. A schedule has no memory: what it answers follows from the results alone.

    It may have an attribute `order`, what decides the order of its standing ("points, then Buchholz"; "points" where it
    has none), and `wins_only = True` where scores must be 0, 0.5 or 1. For people it may have the methods
    `facts(results) -> list[Fact]`, `bracket(results) -> list[Tie]`, and `byes(results)`, who has a bye by round.

    One whose class says `takes_changes = True` can go on with players who come late and without those who leave: it
    takes `presence`, the first and the last round of each of them by name. Late ones are last among the players.
    """

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """All pairings that can be played now, those that are being played included; None when the event is over.

        Never an empty list. The order of `results` does not matter. Raises UserError for results of other pairings.
        """

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """Everyone's place so far, best first."""


def shares(returns: Sequence[float]) -> tuple[float, ...]:
    """Points from returns (higher is better) of any number of sides: the share of opponents beaten; a tie is half."""
    others = len(returns) - 1
    return tuple(
        (sum(mine > other for other in returns) + (sum(mine == other for other in returns) - 1) / 2) / others
        for mine in returns
    )
