"""Schedules whose pairings are all known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from league.schedules.book import Book, places, totals
from league.schedules.pairing import Pairing, Place, Result
from league.schedules.seats import balanced, seatings


class Listed:
    """Plays a list of pairings; any of them at any time."""

    def __init__(self, players: tuple[str, ...], pairings: Sequence[Pairing]) -> None:
        self.players, self.pairings = players, tuple(pairings)

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        book = Book(results)
        due = book.due(self.pairings)
        book.check()
        return due or None

    def standing(self, results: Sequence[Result]) -> list[Place]:
        points, games = totals(Book(results), self.pairings, self.players)
        return places(self.players, {player: (points[player],) for player in self.players}, points, games)


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
