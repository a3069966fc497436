"""What the ledger says about who is best. Nothing here is stored: it is computed whenever somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from league.checked.ratings import rate
from league.hookspecs import RATINGS
from league.ledger import BotRow, MatchRow
from league.ratings import Rating
from league.referee.verdict import Verdict
from league.schedules import Fact, Place, Result, Tie
from league.tournament.changes import Departure, departures
from league.tournament.event import Event
from league.tournament.standings.repeats import repeats
from marl.registry import Component


@dataclass(frozen=True)
class Line:
    """One player. `rating` may have an interval, and is None where no match says anything about it.

    `played` = `wins` + `draws` + `losses`. `points` are those of these matches and `unplayed`, which came without one:
    by a bye, or a match that stayed void. `earned`: what the game paid, per match. `tiebreaks`: what separates equal
    points.
    """

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
    earned: float | None = None
    unplayed: float = 0.0
    tiebreaks: tuple[tuple[str, float], ...] = ()
    left: Departure | None = None  # how and why it left the event

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
    """An event at one moment. `lines` are best first; `matches` are in the order in which they finished.

    `scoring`: what a match counts. `order`: what decides the order of the lines. `rating`, `rating_says`: the full name
    of the rating system, and what it is. `facts`: what the schedule has to say beside the table; `bracket` and `byes`
    (by round): where it has these. `warning`: what is wrong with the evidence, or "".
    """

    name: str
    game: str
    schedule: str
    state: str  # "open", "running", "finished"
    sides: int
    lines: tuple[Line, ...]
    matches: tuple[MatchRow, ...]
    commitment: str
    secret: str  # once revealed
    scoring: str = "rank"
    order: str = "points"
    rating: str = ""
    rating_says: str = ""
    facts: tuple[Fact, ...] = ()
    bracket: tuple[Tie, ...] = ()
    byes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    warning: str = ""

    @cached_property
    def pays(self) -> bool:
        """Whether what the game paid says more than who won."""
        return self.scoring == "return" or any(abs(paid) not in (0, 1) for m in self.matches for paid in m.returns)

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


def view(event: Event, rating: Component | None = None) -> Standings:
    """The standings of an event now; `rating` takes the place of the event's rating system."""
    matches = tuple(event.ledger.matches())
    results = [Result(m.pairing, m.players, m.scores, m.void, m.round) for m in matches]
    # What was forfeited says nothing about strength.
    played = [result for match, result in zip(matches, results, strict=True) if not match.forfeited]
    config, chosen = event.config, rating or event.config.ratings
    state = "finished" if event.has_ended else "running" if event.has_begun else "open"
    found = event.registry.find(RATINGS, chosen.name)
    schedule = event.schedule() if event.has_begun else None
    return Standings(
        name=config.name,
        game=config.env.name,
        schedule=config.schedule.name,
        state=state,
        sides=len(event.spec.sides),
        lines=tuple(demoted(_lines(event, matches, schedule.standing(results), rate(event.registry, chosen, played))))
        if schedule
        else tuple(Line(1, bot.name, bot, 0.0, 0, 0, 0, 0, None, {}) for bot in event.roster()),
        matches=matches,
        commitment=event.commitment,
        secret=event.revealed(),
        scoring=config.scoring.by,
        order=schedule.order if schedule else "",
        rating=found.full_name,
        rating_says=found.summary,
        facts=tuple(schedule.facts(results)) if schedule else (),
        bracket=tuple(schedule.bracket(results)) if schedule else (),
        byes=schedule.byes(results) if schedule else {},
        warning=repeats(event, [match for match in matches if not match.forfeited]),
    )


def _lines(
    event: Event, matches: Sequence[MatchRow], places: Sequence[Place], ratings: Mapping[str, Rating]
) -> Iterator[Line]:
    """The table. What was played is counted match by match, so that all its columns say the same."""
    bots = {bot.name: bot for bot in event.roster()}
    left = departures(event.ledger)
    verdicts: dict[str, Counter[str]] = {name: Counter() for name in bots}
    earned, forfeits = dict.fromkeys(bots, 0.0), dict.fromkeys(bots, 0)
    for match in matches:
        if not match.void:
            for seat, player in enumerate(match.players):
                verdicts[player][match.verdicts[seat]] += 1
                earned[player] += match.returns[seat]
                forfeits[player] += match.forfeited
    for place in places:
        player, count = place.player, verdicts[place.player]
        faults = {verdict: times for verdict, times in count.items() if Verdict(verdict).is_fault}
        played = sum(count.values())
        real = played - forfeits[player]
        yield Line(
            place.rank, player, bots[player], place.points, played, count[Verdict.WIN], count[Verdict.DRAW],
            count[Verdict.LOSS] + sum(faults.values()), ratings.get(player), faults,
            earned[player] / real if real else None, place.unplayed, place.tiebreaks, left.get(bots[player].id),
        )  # fmt: skip


def demoted(lines: Iterable[Line]) -> Iterator[Line]:
    """The standings with those who were disqualified at their end; whoever was behind them moves up."""
    everybody = list(lines)
    out = [line for line in everybody if line.left is not None and line.left.manner == "disqualified"]
    rest = [line for line in everybody if line not in out]
    for line in rest:
        yield replace(line, rank=1 + sum(other.rank < line.rank for other in rest))
    for line in out:
        yield replace(line, rank=len(rest) + 1)


def _meeting(met: Sequence[tuple[str, float]]) -> Meeting:
    points = [score for _, score in met]
    return Meeting(
        sum(points), points.count(1.0), points.count(0.5), points.count(0.0), tuple(pairing for pairing, _ in met)
    )
