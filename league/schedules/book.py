"""The results so far, looked up by pairing; void matches are played again, a few times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from league.pairing import Pairing, Place, Result
from marl.errors import UserError

REPLAYS = 2
"""How often a void match is played again; then it is void for good, and everyone in it gets half a point."""


class Book:
    """Answers what became of a pairing."""

    def __init__(self, results: Iterable[Result], replays: int = REPLAYS) -> None:
        self._replays = replays
        self._results = {result.pairing: result for result in results}
        self._used: set[str] = set()

    def scores(self, pairing: Pairing) -> Mapping[str, float] | None:
        """Each player's points, or None while the match is to be played."""
        for attempt in range(self._replays + 1):
            result = self._find(pairing, attempt)
            if result is None:
                return None
            if not result.void:
                return dict(zip(result.players, result.scores, strict=True))
        return dict.fromkeys(pairing.players, 0.5)

    def played(self, pairing: Pairing) -> bool:
        """Whether the match ended, and not void."""
        attempts = (self._find(pairing, attempt) for attempt in range(self._replays + 1))
        return any(result is not None and not result.void for result in attempts)

    def due(self, pairings: Iterable[Pairing]) -> list[Pairing]:
        """Those that are still to be played; after a void match under a new id: `3.1.2`, then `3.1.2+1`."""
        found = []
        for pairing in pairings:
            if self.scores(pairing) is None:
                attempt = 0
                while self._find(pairing, attempt) is not None:
                    attempt += 1
                found.append(replace(pairing, id=attempt_id(pairing.id, attempt)))
        return found

    def check(self) -> None:
        """Raise UserError if there are results that no pairing asked for, after all pairings were looked up."""
        if strangers := sorted(self._results.keys() - self._used):
            raise UserError(
                f"the result of match {strangers[0]!r} belongs to no pairing of this schedule; its players or its "
                "parameters were changed after the event began, or the results are of another event"
            )

    def _find(self, pairing: Pairing, attempt: int) -> Result | None:
        id = attempt_id(pairing.id, attempt)
        result = self._results.get(id)
        if result is None:
            return None
        self._used.add(id)
        if result.players != pairing.players:
            raise UserError(
                f"match {id!r} was played by {', '.join(result.players)}, but the schedule pairs "
                f"{', '.join(pairing.players)}; its players or its parameters were changed after the event began"
            )
        if not result.void and not valid(result.scores, len(pairing.players)):
            raise UserError(
                f"match {id!r} has the scores {list(result.scores)}; a score per side, each from 0 to 1, is right "
                "(league.schedules.shares makes them from returns)"
            )
        return result


def attempt_id(id: str, attempt: int) -> str:
    """The id of a pairing's first, second, ... attempt."""
    return f"{id}+{attempt}" if attempt else id


def valid(scores: Sequence[float], sides: int) -> bool:
    """Whether scores are points in [0, 1], one a side."""
    return len(scores) == sides and all(0 <= score <= 1 for score in scores)


@dataclass
class Totals:
    """Everyone's sums: points, games, and how many points came without a game. `matches`: the scores of each game."""

    points: dict[str, float]
    games: dict[str, int]
    unplayed: dict[str, float]
    matches: list[Mapping[str, float]] = field(default_factory=list)

    @classmethod
    def none(cls, players: Sequence[str]) -> Totals:
        """Before anything was played."""
        return cls(dict.fromkeys(players, 0.0), dict.fromkeys(players, 0), dict.fromkeys(players, 0.0))

    def add(self, pairing: Pairing, book: Book) -> None:
        """Enter what became of a pairing, if anything did."""
        scores, played = book.scores(pairing) or {}, book.played(pairing)
        for player, score in scores.items():
            self.points[player] += score
            self.games[player] += played
            self.unplayed[player] += 0.0 if played else score
        if played:
            self.matches.append(scores)

    def give(self, player: str, points: float) -> None:
        """Points without a game."""
        self.points[player] += points
        self.unplayed[player] += points


def totals(book: Book, pairings: Iterable[Pairing], players: Sequence[str]) -> Totals:
    """Everyone's sums over these pairings."""
    found = Totals.none(players)
    for pairing in pairings:
        found.add(pairing, book)
    return found


def places(
    players: Sequence[str],
    keys: Mapping[str, tuple[float, ...]],
    total: Totals,
    tiebreaks: Mapping[str, tuple[tuple[str, float], ...]] | None = None,
) -> list[Place]:
    """The standings by `keys`, higher is better, and then by `tiebreaks`.

    Those whom nothing separates share a rank, and stay in the order of `players`.
    """
    breaks = tiebreaks or dict.fromkeys(players, ())
    whole = {player: (*keys[player], *(value for _, value in breaks[player])) for player in players}
    order = sorted(players, key=lambda player: whole[player], reverse=True)
    rank, found = 0, []
    for position, player in enumerate(order):
        if position == 0 or whole[player] != whole[order[position - 1]]:
            rank = position + 1
        found.append(
            Place(rank, player, total.points[player], total.games[player], total.unplayed[player], breaks[player])
        )
    return found
