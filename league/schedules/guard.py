"""Holds a schedule, whoever wrote it, to what schedules promise: a broken promise is a sentence that names its plugin.

Without it, a wrong schedule is a host that waits for ever, or a KeyError far from its cause.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from league.pairing import Fact, Pairing, Place, Result, Schedule, Tie
from marl.errors import RunError
from marl.registry import blamed, wrong

NEXT, STANDING, FACTS = "next(results)", "standing(results)", "facts(results)"
_PAIRINGS = "a list of league.schedules.Pairing that can be played now, or None when the event is over,"
_PLACES = "a list with a league.schedules.Place for each player, best first,"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}")  # it names files too


class Guarded:
    """A schedule behind checks. `subject` names it and its plugin (`Registry.describe`)."""

    def __init__(self, schedule: Schedule, subject: str, players: Sequence[str], sides: int) -> None:
        self.schedule, self.subject = schedule, subject
        self.players, self.sides = tuple(players), sides
        self._asked: dict[str, Pairing] = {}

    @property
    def order(self) -> str:
        """What decides the order of the standings, for people."""
        return str(getattr(self.schedule, "order", "points"))

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """As `Schedule.next`. Raises RunError where the schedule raises, or what it gives cannot be played."""
        with blamed(self.subject, NEXT, _PAIRINGS):
            due = self.schedule.next(results)
        if due is None:
            if not results:
                raise self._broken("gave None before any match was played: None means that the event is over")
            return None
        if not isinstance(due, (list, tuple)) or not all(isinstance(pairing, Pairing) for pairing in due):
            raise wrong(self.subject, NEXT, due, _PAIRINGS.rstrip(","))
        if not due:
            raise self._broken(f"gave an empty list after {len(results)} results: there is nothing to wait for")
        finished = {result.pairing for result in results}
        ids: set[str] = set()
        for pairing in due:
            for problem in self._problems(pairing, ids, finished):
                raise self._broken(problem)
            ids.add(pairing.id)
            self._asked[pairing.id] = pairing
        return list(due)

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """As `Schedule.standing`. Raises RunError where the schedule raises, or its places are none."""
        with blamed(self.subject, STANDING, _PLACES):
            places = self.schedule.standing(results)
        if not isinstance(places, (list, tuple)) or not all(isinstance(place, Place) for place in places):
            raise wrong(self.subject, STANDING, places, _PLACES.rstrip(","))
        if sorted(place.player for place in places) != sorted(self.players):
            raise wrong(
                self.subject, STANDING, [place.player for place in places],
                f"each of the players {', '.join(self.players)} once",
            )  # fmt: skip
        for place in places:
            if not (isinstance(place.rank, int) and place.rank >= 1 and math.isfinite(place.points)):
                raise wrong(self.subject, STANDING, place, "a rank from 1 on, and a finite number of points,")
        return list(places)

    def facts(self, results: Sequence[Result]) -> list[Fact]:
        """What else the schedule has to say about the results (`Schedule` may have `facts`): a test's decision, say."""
        told = getattr(self.schedule, "facts", None)
        if told is None:
            return []
        with blamed(self.subject, FACTS, "a list of league.schedules.Fact"):
            return list(told(results))

    def bracket(self, results: Sequence[Result]) -> list[Tie]:
        """The bracket, column by column; empty where the schedule has none."""
        drawn = getattr(self.schedule, "bracket", None)
        if drawn is None:
            return []
        with blamed(self.subject, "bracket(results)", "a list of league.schedules.Tie"):
            return list(drawn(results))

    def byes(self, results: Sequence[Result]) -> dict[int, tuple[str, ...]]:
        """Who has a bye in which round, as far as rounds were drawn."""
        given = getattr(self.schedule, "byes", None)
        if given is None:
            return {}
        with blamed(self.subject, "byes(results)", "a dict from rounds to players"):
            return {int(number): tuple(players) for number, players in given(results).items()}

    def _problems(self, pairing: Pairing, ids: set[str], finished: set[str]) -> Iterator[str]:
        """What is wrong with a pairing, in words that follow the schedule's name."""
        if not isinstance(pairing.id, str) or not _ID.fullmatch(pairing.id):
            yield f"gave the id {pairing.id!r:.100}: an id is letters, digits and . _ : + -, at most 100"
        match = f"match {pairing.id!r}"
        if pairing.id in ids:
            yield f"asks for {match} twice at once: every pairing has an id of its own"
        if pairing.id in finished:
            yield f"asks again for {match}, whose result it was given: only what is still to be played would be right"
        strangers = [player for player in pairing.players if player not in self.players]
        if strangers:
            yield f"lets {strangers[0]!r} play in {match}: the players are {', '.join(self.players)}"
        if len(pairing.players) != self.sides or len(set(pairing.players)) != self.sides:
            who = ", ".join(map(str, pairing.players)) or "nobody"
            yield f"has {who} in {match}: the game has {self.sides} sides, with a player of its own on each"
        if not isinstance(pairing.seed_index, int) or not isinstance(pairing.round, int):
            yield f"has {pairing} whose seed_index or round is no integer"
        before = self._asked.get(pairing.id, pairing)
        if before != pairing:
            yield f"changed {match} from {before} to {pairing}: a pairing stays what it is as long as it has its id"

    def _broken(self, what: str) -> RunError:
        return RunError(f"{self.subject} {what} ({NEXT} gives {_PAIRINGS.rstrip(',')})")
