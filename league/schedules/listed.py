"""Schedules whose pairings are all known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from league.pairing import Pairing, Place, Result
from league.schedules.book import Book, places, totals
from league.schedules.seats import balanced, seatings
from league.schedules.tiebreaks import TieBreak, said, separate


class Listed:
    """Plays a list of pairings; any of them at any time."""

    def __init__(
        self, players: tuple[str, ...], pairings: Sequence[Pairing], tiebreaks: Sequence[TieBreak] = ()
    ) -> None:
        self.players, self.pairings, self.tiebreaks = players, tuple(pairings), tuple(tiebreaks)

    @property
    def order(self) -> str:
        """What decides the order of the standing."""
        return said("points", self.tiebreaks)

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """All pairings of the list, at once."""
        book = Book(results)
        due = book.due(self.pairings)
        book.check()
        return due or None

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """By points, then by the tie-breaks."""
        total = totals(Book(results), self.pairings, self.players)
        keys = {player: (total.points[player],) for player in self.players}
        return places(self.players, keys, total, separate(self.tiebreaks, total.points, total.matches, 1))


def pairings_of(rounds: Sequence[Sequence[tuple[str, ...]]], games: int) -> list[Pairing]:
    """The pairings of all meetings; ids are `round.meeting.game`, all from 1.

    Seats are balanced over the event, within one where a meeting has whole rotations of the seats or one game more.
    """
    flat = [meeting for meetings in rounds for meeting in meetings]
    seated = iter(balanced(flat) if flat and games % len(flat[0]) else flat)
    found: list[Pairing] = []
    seeds = 0
    for number, meetings in enumerate(rounds, 1):
        for table in range(1, len(meetings) + 1):
            turns = seatings(next(seated), games)
            for game, (block, seats) in enumerate(turns, 1):
                found.append(Pairing(f"{number}.{table}.{game}", seats, seeds + block, number))
            seeds += turns[-1][0] + 1
    return found
