"""What the ledger says about who is best. Nothing here is stored: it is computed whenever somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from league.ledger import BotRow, MatchRow
from league.ratings import Rating, RatingSystem
from league.referee.verdict import Verdict
from league.schedules import Result
from league.tournament.event import Event

RATING = "league/bradley_terry"


@dataclass(frozen=True)
class Line:
    """One player. `rating` has an interval, and is None where no match says anything about it."""

    rank: int
    player: str
    bot: BotRow
    points: float
    played: int
    wins: int
    draws: int
    losses: int
    rating: Rating | None
    faults: Mapping[str, int]  # verdict -> how often

    @property
    def fault_count(self) -> int:
        """How many matches it lost by its own doing."""
        return sum(self.faults.values())


@dataclass(frozen=True)
class Meeting:
    """All matches of one player against another, as the first one sees them. `matches`: their pairings."""

    points: float
    wins: int
    draws: int
    losses: int
    matches: tuple[str, ...]

    @property
    def played(self) -> int:
        """How many matches they had."""
        return len(self.matches)


@dataclass(frozen=True)
class Standings:
    """An event at one moment. `lines` are best first; `matches` are in the order in which they finished."""

    name: str
    game: str
    schedule: str
    state: str  # "open", "running", "finished"
    sides: int
    lines: tuple[Line, ...]
    matches: tuple[MatchRow, ...]
    commitment: str
    secret: str  # once revealed

    @cached_property
    def meetings(self) -> dict[tuple[str, str], Meeting]:
        """The head-to-head record of every two players that met."""
        found: dict[tuple[str, str], list[tuple[str, float]]] = {}
        for match in self.matches:
            if match.void:
                continue
            for one, mine in zip(match.players, match.scores, strict=True):
                for two, theirs in zip(match.players, match.scores, strict=True):
                    if one != two:
                        points = 1.0 if mine > theirs else 0.5 if mine == theirs else 0.0
                        found.setdefault((one, two), []).append((match.pairing, points))
        return {pair: _meeting(met) for pair, met in found.items()}

    @property
    def void(self) -> int:
        """How many matches the host broke off."""
        return sum(match.void for match in self.matches)


def view(event: Event) -> Standings:
    """The standings of an event now."""
    matches = tuple(event.ledger.matches())
    results = [Result(m.pairing, m.players, m.scores, m.void, m.round) for m in matches]
    state = "finished" if event.has_ended else "running" if event.has_begun else "open"
    return Standings(
        event.config.name, event.config.env.name, event.config.schedule.name, state, len(event.spec.sides),
        tuple(_lines(event, matches, results)), matches, event.commitment, event.revealed(),
    )  # fmt: skip


def _lines(event: Event, matches: Sequence[MatchRow], results: Sequence[Result]) -> list[Line]:
    bots = {bot.name: bot for bot in event.roster()}
    if not event.has_begun:
        return [Line(1, name, bot, 0.0, 0, 0, 0, 0, None, {}) for name, bot in bots.items()]
    ratings = rate(event, results)
    verdicts: dict[str, Counter[str]] = {name: Counter() for name in bots}
    for match in matches:
        for player, verdict in zip(match.players, match.verdicts, strict=True):
            verdicts[player][verdict] += 1
    lines = []
    for place in event.schedule().standing(results):
        count = verdicts[place.player]
        faults = {verdict: times for verdict, times in count.items() if Verdict(verdict).is_fault}
        losses = count[Verdict.LOSS] + sum(faults.values())
        lines.append(
            Line(
                place.rank, place.player, bots[place.player], place.points, place.played, count[Verdict.WIN],
                count[Verdict.DRAW], losses, ratings.get(place.player), faults,
            )
        )  # fmt: skip
    return lines


def rate(event: Event, results: Sequence[Result]) -> Mapping[str, Rating]:
    """The published ratings: a Bradley-Terry fit over all matches that count."""
    # In the order of their names: which match finished first is chance, and must not show in the last digit.
    counted = sorted((result for result in results if not result.void), key=lambda result: result.pairing)
    if not counted:
        return {}
    system = cast(RatingSystem, event.registry.make("ratings", RATING, {}))
    return system.fit(counted)


def _meeting(met: Sequence[tuple[str, float]]) -> Meeting:
    points = [score for _, score in met]
    return Meeting(
        sum(points), points.count(1.0), points.count(0.5), points.count(0.0), tuple(pairing for pairing, _ in met)
    )
