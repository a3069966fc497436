"""Brackets: meetings whose players are seeds, or winners and losers of earlier meetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from league.pairing import Pairing, Place, Result, Tie
from league.schedules.book import Book, places, totals
from league.schedules.field import checked, two_sided
from league.schedules.seats import seatings
from marl.registry.ranges import at_least


@dataclass
class Params:
    """How a meeting is decided."""

    games: int = 2
    """Games of a meeting, an even number: both players get both seats, with the same chance seeds."""
    deciders: int = 2
    """While a meeting is drawn, up to this many further game pairs are played; then the better seed goes on."""

    def __post_init__(self) -> None:
        at_least(self, 1, "games")
        at_least(self, 0, "deciders")
        if self.games % 2:
            raise ValueError(
                f"games: {self.games} is odd, and both players should have both seats; try {self.games + 1}"
            )


@dataclass(frozen=True)
class Source:
    """Where a player of a meeting comes from: `seed` (a number from 0), or `winner` or `loser` of a meeting."""

    what: Literal["seed", "winner", "loser"]
    of: int | str


@dataclass(frozen=True)
class Meeting:
    """A place in the bracket. `depth` grows towards the final; who is out at a greater depth, is placed better."""

    id: str
    sources: tuple[Source, Source]
    round: int
    depth: int


@dataclass
class State:
    """What is known of a bracket. A player is a seed number; `BYE` is nobody."""

    winners: dict[str, int] = field(default_factory=dict)
    losers: dict[str, int] = field(default_factory=dict)
    asked: list[Pairing] = field(default_factory=list)
    """All pairings that were asked for so far, the finished ones included."""


BYE = -1


class Bracket:
    """Plays meetings as soon as both their players are known. The players' order is their seeding, best first."""

    name = ""
    order = "how far a player came"
    lives = 1
    """How many lost meetings put a player out."""

    def __init__(self, players: Sequence[str], params: Params | None = None, *, sides: int = 2, seed: int = 0) -> None:
        params = params or Params()
        two_sided(sides, self.name)
        self.players = checked(players, sides)
        self.games, self.deciders = params.games, params.deciders
        self.meetings = self.draw((len(self.players) - 1).bit_length())

    def draw(self, rounds: int) -> list[Meeting]:
        """The meetings of a bracket of `2 ** rounds` seeds, each after those that it takes players from."""
        raise NotImplementedError

    def wanted(self, meeting: Meeting, state: State) -> bool:
        """Whether a meeting is played at all."""
        return True

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """The games of all meetings whose players are known and that are not decided."""
        book = Book(results)
        due = book.due(self._replay(book).asked)
        book.check()
        return due or None

    def champion(self, results: Sequence[Result]) -> str | None:
        """The winner of the event, or None while it is going on."""
        state = self._replay(Book(results))
        played = [meeting for meeting in self.meetings if self.wanted(meeting, state)]
        winner = state.winners.get(played[-1].id)
        return None if winner is None else self.players[winner]

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """By how far a player came."""
        book = Book(results)
        state = self._replay(book)
        total = totals(book, state.asked, self.players)
        beyond = self.meetings[-1].depth + 1
        reached, lost = dict.fromkeys(self.players, beyond), dict.fromkeys(self.players, 0)
        for meeting in self.meetings:
            if (loser := state.losers.get(meeting.id, BYE)) != BYE:
                lost[self.players[loser]] += 1
                reached[self.players[loser]] = meeting.depth
        champion = self.champion(results)
        keys: dict[str, tuple[float, ...]] = {}
        for player in self.players:
            out = lost[player] >= self.lives or (champion is not None and player != champion)
            keys[player] = (reached[player] if out else beyond,)
        return places(self.players, keys, total)

    def bracket(self, results: Sequence[Result]) -> list[Tie]:
        """All meetings, byes included, stage by stage."""
        book = Book(results)
        state = self._replay(book)
        found = []
        for meeting in self.meetings:
            one, two = (self._player(source, state) for source in meeting.sources)
            rematch = meeting.sources[0].of == meeting.sources[1].of and one is None
            if rematch or (one == two == BYE) or not self.wanted(meeting, state):
                continue
            games = [book.scores(each) or {} for each in state.asked if each.id.rpartition(".")[0] == meeting.id]
            names = (self._name(one), self._name(two))
            points = [sum(scores.get(str(name), 0.0) for scores in games) for name in names]
            winner = self._name(state.winners.get(meeting.id)) or ""
            found.append(Tie(meeting.id, *self.stage(meeting), names, (points[0], points[1]), winner))
        return found

    def stage(self, meeting: Meeting) -> tuple[str, str]:
        """The part of the bracket, and what a meeting's round is called there."""
        left = self.meetings[-1].round - meeting.round
        return "", {0: "Final", 1: "Semi-finals", 2: "Quarter-finals"}.get(left, f"Round {meeting.round}")

    def _name(self, player: int | None) -> str | None:
        return "" if player is None else None if player == BYE else self.players[player]

    def _replay(self, book: Book) -> State:
        state = State()
        for number, meeting in enumerate(self.meetings):
            one, two = (self._player(source, state) for source in meeting.sources)
            if one is None or two is None or not self.wanted(meeting, state):
                continue
            if BYE in (one, two):
                state.winners[meeting.id], state.losers[meeting.id] = max(one, two), BYE
            else:
                self._play(book, state, meeting, number, min(one, two), max(one, two))
        return state

    def _player(self, source: Source, state: State) -> int | None:
        if source.what == "seed":
            return int(source.of) if int(source.of) < len(self.players) else BYE
        return (state.winners if source.what == "winner" else state.losers).get(str(source.of))

    def _play(self, book: Book, state: State, meeting: Meeting, number: int, better: int, other: int) -> None:
        """Ask for the games of a meeting until it is decided."""
        names = (self.players[better], self.players[other])
        turns = seatings(names, self.games + 2 * self.deciders)
        seeds = number * len(turns)
        lead = 0.0
        for block in range(1 + self.deciders):
            games = range(self.games) if block == 0 else range(self.games + 2 * block - 2, self.games + 2 * block)
            pairings = [
                Pairing(f"{meeting.id}.{game + 1}", turns[game][1], seeds + turns[game][0], meeting.round)
                for game in games
            ]
            state.asked += pairings
            scores = [book.scores(pairing) for pairing in pairings]
            lead += sum(score[names[0]] - score[names[1]] for score in scores if score)
            if None in scores:
                return
            if lead:
                break
        state.winners[meeting.id], state.losers[meeting.id] = (better, other) if lead >= 0 else (other, better)


def seeding(rounds: int) -> list[int]:
    """The order of `2 ** rounds` seeds (from 0) in which the best two can only meet in the final, and so on."""
    order = [0]
    for _ in range(rounds):
        order = [place for seed in order for place in (seed, 2 * len(order) - 1 - seed)]
    return order


def knockout(rounds: int, prefix: str, depth: int = 1) -> list[list[Meeting]]:
    """The rounds of a single-elimination bracket, `depth` apart."""
    sources = [Source("seed", seed) for seed in seeding(rounds)]
    found = []
    for number in range(1, rounds + 1):
        pairs = zip(sources[::2], sources[1::2], strict=True)
        found.append(
            [Meeting(f"{prefix}{number}.{i}", pair, number, depth * number) for i, pair in enumerate(pairs, 1)]
        )
        sources = [Source("winner", meeting.id) for meeting in found[-1]]
    return found
