"""Ladder: in every round, those whose strength is least known meet opponents of like strength.

Strengths are OpenSkill's. A round is drawn from the results up to the round before the last, so that it can begin while
a slow match of the last round is still going on, and what is drawn does not depend on which match ended first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from league.pairing import Pairing, Place, Result
from league.ratings.openskill import OpenSkill
from league.schedules.book import Book, places, totals
from league.schedules.field import checked, present
from league.schedules.memo import Memo
from league.schedules.seats import round_of
from marl import rng
from marl.registry.ranges import at_least


@dataclass
class Params:
    """How long, and who plays in a round."""

    rounds: int = 20
    games: int = 0
    """Games of a meeting; 0: one for each side, so that everyone has every seat once, with the same chance seed."""
    share: float = 0.5
    """The share of the field, the most uncertain first, that looks for opponents in a round."""

    def __post_init__(self) -> None:
        at_least(self, 1, "rounds")
        at_least(self, 0, "games")
        if not 0 < self.share <= 1:
            raise ValueError(f"share: {self.share} is not above 0 and up to 1")


REPEAT = 0.5
"""What a meeting that took place before costs, in the units of `_distance`."""
LUCK = 0.2
"""How much chance, drawn anew each round, may count, in the same units."""


class Ladder:
    """Nobody plays two meetings in one round."""

    order = "the strength shown almost surely (OpenSkill, mu - 3 sigma)"
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
        self.sides, self.seed, self.rounds, self.share = sides, seed, params.rounds, params.share
        self.games = params.games or sides
        self._memo: Memo[tuple[tuple[Pairing, ...], OpenSkill]] = Memo()

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """The pairings that tell most about who is stronger."""
        book = Book(results)
        due = book.due(pairing for round in self._draw(book) for pairing in round)
        book.check()
        return due or None

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """By OpenSkill's `mu - 3 sigma`: the strength that a player has shown almost surely."""
        book = Book(results)
        rounds = self._draw(book)
        total = totals(book, (pairing for round in rounds for pairing in round), self.players)
        system = OpenSkill()
        for round in rounds:
            _rate(system, round, book)
        strengths = {player: system.strength(player) for player in self.players}
        keys = {player: (mu - 3 * sigma,) for player, (mu, sigma) in strengths.items()}
        shown = {player: (("strength", key),) for player, (key,) in keys.items()}
        return places(self.players, keys, total, shown)

    def _draw(self, book: Book) -> list[tuple[Pairing, ...]]:
        """The rounds that can be drawn from these results."""
        system = OpenSkill()
        rounds: list[tuple[Pairing, ...]] = []
        for number in range(self.rounds):
            key: tuple[float, ...] = ()
            if number >= 2:
                if book.due(rounds[number - 2]):
                    break
                key = _scores(rounds[number - 2], book)
            drawn, system = self._memo.get(number, key, partial(self._round, number, rounds, system, book))
            rounds.append(drawn)
        return rounds

    def _round(
        self, number: int, rounds: list[tuple[Pairing, ...]], system: OpenSkill, book: Book
    ) -> tuple[tuple[Pairing, ...], OpenSkill]:
        """A round's pairings, and the strengths that they were drawn from."""
        system = system.copy()
        if number >= 2:
            _rate(system, rounds[number - 2], book)
        met: Counter[tuple[str, str]] = Counter()
        seats = {player: [0] * self.sides for player in self.players}
        for pairing in (pairing for round in rounds for pairing in round):
            for seat, player in enumerate(pairing.players):
                seats[player][seat] += 1
                met.update((player, other) for other in pairing.players)
        meetings = self._meetings(number, system, met)
        return tuple(round_of(meetings, number, self.games, seats, self.seed, self.width)), system

    def _meetings(self, number: int, system: OpenSkill, met: Counter[tuple[str, str]]) -> list[tuple[str, ...]]:
        jitter = rng.uniform(rng.mix(self.seed, number, range(len(self.players)))).tolist()
        chance: dict[str, float] = dict(zip(self.players, jitter, strict=True))
        here = present(self.players, self.presence, number + 1)
        free = sorted(here, key=lambda player: (-round(system.strength(player)[1], 9), chance[player]))
        seekers = max(1, round(self.share * len(free)))
        meetings = []
        for seeker in free[:seekers]:
            if seeker not in free or len(free) < self.sides:
                continue
            free.remove(seeker)

            def cost(other: str, seeker: str = seeker) -> float:
                again = REPEAT * met[seeker, other] / self.games
                return _distance(system, seeker, other) + again + LUCK * chance[other]

            meeting = [seeker, *sorted(free, key=cost)[: self.sides - 1]]
            free = [player for player in free if player not in meeting]
            meetings.append(tuple(meeting))
        return meetings


def _distance(system: OpenSkill, one: str, two: str) -> float:
    """How unequal two players probably are: the exponent of TrueSkill's match quality (Herbrich et al., 2006)."""
    (mu1, sigma1), (mu2, sigma2) = system.strength(one), system.strength(two)
    gap, variance = mu1 - mu2, 2 * system.beta * system.beta + sigma1 * sigma1 + sigma2 * sigma2
    return float(gap * gap / (2 * variance))


def _rate(system: OpenSkill, round: Sequence[Pairing], book: Book) -> None:
    results = []
    for pairing in round:
        scores = book.scores(pairing)
        if scores and book.played(pairing):
            results.append(Result(pairing.id, pairing.players, tuple(scores[player] for player in pairing.players)))
    system.update(results)


def _scores(round: Sequence[Pairing], book: Book) -> tuple[float, ...]:
    found: list[float] = []
    for pairing in round:
        found += [float(book.played(pairing)), *(book.scores(pairing) or {}).values()]
    return tuple(found)
