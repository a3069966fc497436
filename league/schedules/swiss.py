"""Swiss system: in every round, players of like score meet, and nobody the same opponent twice.

Two sides: a round is the cheapest perfect matching of all players, where the costs are, in this order: a second bye;
a second meeting; a bye for anybody but the last of the table; a third surplus game in one seat; distance of score
groups, squared; a second surplus game in one seat; and distance from the usual pairing of a score group's upper with
its lower half (FIDE handbook C.04.1). A meeting is repeated only where no other round was possible, which cannot
happen in the first n/2 rounds (Dirac's theorem). More sides: from the top, each player with those of like score that
it has met least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from math import ceil, log2

from league.pairing import Pairing, Place, Result
from league.schedules.book import Book, Totals, places
from league.schedules.field import checked, present
from league.schedules.matching import cheapest_matching
from league.schedules.memo import Memo
from league.schedules.seats import round_of
from league.schedules.tiebreaks import TieBreak, said, separate
from marl.errors import UserError
from marl.registry.ranges import at_least

BUCHHOLZ: tuple[TieBreak, ...] = ("buchholz",)


@dataclass
class Params:
    """How long, and how many games a round."""

    rounds: int = 0
    """0: two more than would find the winner of a knockout, and at most one less than there are players."""
    games: int = 0
    """Games of a meeting; 0: one for each side, so that everyone has every seat once, with the same chance seed."""

    bye: float = 1.0
    """What a bye counts, per game of a meeting: 1 as a win, 0.5 as a draw (fairer where scores are returns)."""
    tiebreaks: list[TieBreak] = field(default_factory=lambda: list(BUCHHOLZ))
    """What separates equal points, in this order: buchholz, buchholz_cut, sonneborn_berger, head_to_head, wins."""

    def __post_init__(self) -> None:
        at_least(self, 0, "rounds", "games")
        if not 0 <= self.bye <= 1:
            raise ValueError(f"bye: {self.bye} is not from 0 to 1")


@dataclass
class Record:
    """A player's event so far."""

    number: int
    """Place in the order of seeding."""
    points: float = 0.0
    byes: int = 0
    met: Counter[str] = field(default_factory=Counter)
    seats: list[int] = field(default_factory=list)
    """Games in each seat."""


@dataclass(frozen=True)
class Round:
    """The pairings of a round, and who has a bye."""

    pairings: tuple[Pairing, ...]
    byes: tuple[str, ...]


class Swiss:
    """A round begins when the one before it is over. A round before somebody came, or after he left, gives nothing."""

    takes_changes = True

    def __init__(
        self,
        players: Sequence[str],
        params: Params | None = None,
        *,
        sides: int = 2,
        seed: int = 0,
        presence: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        params = params or Params()
        self.presence, self.width = presence, len(present(players, presence, 1))
        self.players = checked(players, sides)
        self.sides, self.seed, self.games = sides, seed, params.games or sides
        self.bye, self.tiebreaks = params.bye * self.games, tuple(params.tiebreaks)
        n = len(self.players)
        self.rounds = params.rounds or max(1, min(ceil(log2(n)) + 2, n - 1 + n % 2 if sides == 2 else n))
        if self.rounds * (n % sides) > n:
            raise UserError(
                f"rounds: {self.rounds} rounds of {n} players give somebody a second bye; "
                f"{n // (n % sides)} rounds are the most"
            )
        if sides == 2 and self.rounds > n - 1 + n % 2:
            raise UserError(
                f"rounds: in {self.rounds} rounds {n} players must meet twice; at most {n - 1 + n % 2} are right, or "
                "league/round_robin with several cycles"
            )
        self._memo: Memo[Round] = Memo()

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """The pairings of the present round, or of the next one where all of it is played."""
        book = Book(results)
        due = self._replay(book)[0]
        book.check()
        return due or None

    @property
    def order(self) -> str:
        """What decides the order of the standing."""
        return said("points", self.tiebreaks)

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """By points (byes included), then by the tie-breaks: by default the sum of the opponents' points (Buchholz)."""
        book, total = Book(results), Totals.none(self.players)
        for round in self._replay(book)[2]:
            for player in round.byes:
                total.give(player, self.bye)
            for pairing in round.pairings:
                total.add(pairing, book)
        keys = {player: (total.points[player],) for player in self.players}
        return places(self.players, keys, total, separate(self.tiebreaks, total.points, total.matches, self.games))

    def byes(self, results: Sequence[Result]) -> dict[int, tuple[str, ...]]:
        """Who has a bye in which round, the one being played included."""
        return {number: round.byes for number, round in enumerate(self._replay(Book(results))[2], 1) if round.byes}

    def _replay(self, book: Book) -> tuple[list[Pairing], dict[str, Record], list[Round]]:
        """The games that are to be played in the first unfinished round, everyone's record, and the rounds so far."""
        records = {player: Record(number, seats=[0] * self.sides) for number, player in enumerate(self.players)}
        key: tuple[float, ...] = ()
        rounds: list[Round] = []
        for number in range(self.rounds):
            round = self._memo.get(number, key, partial(self._pair, number, records))
            rounds.append(round)
            due = book.due(round.pairings)
            key = _record(round, records, book, self.bye)
            if due:
                return due, records, rounds
        return [], records, rounds

    def _pair(self, number: int, records: dict[str, Record]) -> Round:
        here = present(self.players, self.presence, number + 1)
        order = sorted(here, key=lambda player: (-records[player].points, records[player].number))
        if len(order) < self.sides:
            return Round((), tuple(order))
        if self.sides == 2:
            meetings, byes = by_matching(order, records, self.games % 2 == 1)
        else:
            meetings, byes = from_the_top(order, records, self.sides)
        seats = {player: records[player].seats for player in order}
        return Round(tuple(round_of(meetings, number, self.games, seats, self.seed, self.width)), tuple(byes))


def by_matching(order: list[str], records: dict[str, Record], odd: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    """Pairs of players and who has a bye. `order`: best first; `odd`: seats must be balanced."""
    n = len(order)
    groups = _groups(order, records)
    costs = [[0] * (n + n % 2) for _ in range(n + n % 2)]
    for i, j in combinations(range(n), 2):
        costs[i][j] = costs[j][i] = _cost(order, groups, records, i, j, odd)
    base = n**3 + 1
    for i in range(n) if n % 2 else ():
        costs[i][n] = costs[n][i] = records[order[i]].byes * base**6 + (n - 1 - i) * base**4
    partner = cheapest_matching(costs)
    meetings = [(order[i], order[j]) for i, j in enumerate(partner) if i < j < n]
    return list(meetings), [order[partner[n]]] if n % 2 else []


def _cost(order: list[str], groups: list[int], records: dict[str, Record], i: int, j: int, odd: bool) -> int:
    one, two = records[order[i]], records[order[j]]
    base = len(order) ** 3 + 1  # more than any sum of the next cost over a round
    half = groups.count(groups[i]) // 2 if groups[i] == groups[j] else 1
    surplus = one.seats[0] - one.seats[1]
    clash = odd and surplus == two.seats[0] - two.seats[1] != 0
    return (
        one.met[order[j]] ** 2 * base**5
        + (clash and abs(surplus) >= 2) * base**3
        + (groups[i] - groups[j]) ** 2 * base**2
        + clash * base
        + abs(j - i - half)
    )


def _groups(order: list[str], records: dict[str, Record]) -> list[int]:
    """The number of each player's score group, the best being 0."""
    scores = sorted({records[player].points for player in order}, reverse=True)
    return [scores.index(records[player].points) for player in order]


def from_the_top(order: list[str], records: dict[str, Record], sides: int) -> tuple[list[tuple[str, ...]], list[str]]:
    """Meetings of `sides` players, and who has a bye: the last players that had none."""
    last_first = order[::-1]
    byes = sorted(last_first, key=lambda player: records[player].byes)[: len(order) % sides]
    left = [player for player in order if player not in byes]
    meetings = []
    while left:
        meeting = [left.pop(0)]
        while len(meeting) < sides:
            meeting.append(min(left, key=lambda player: sum(records[player].met[other] for other in meeting)))
            left.remove(meeting[-1])
        meetings.append(tuple(meeting))
    return meetings, byes


def _record(round: Round, records: dict[str, Record], book: Book, bye: float) -> tuple[float, ...]:
    """Enter a round's results, and give all its scores."""
    key: list[float] = []
    for player in round.byes:
        records[player].byes += 1
        records[player].points += bye
    for pairing in round.pairings:
        scores = book.scores(pairing) or {}
        key += scores.values()
        for seat, player in enumerate(pairing.players):
            record = records[player]
            record.seats[seat] += 1
            record.points += scores.get(player, 0.0)
            if pairing.id.endswith(".1"):
                record.met.update(other for other in pairing.players if other != player)
    return tuple(key)
