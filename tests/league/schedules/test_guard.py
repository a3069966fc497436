"""A wrong schedule is a sentence that names its plugin, what was asked and what is right: no hang, no KeyError."""

from __future__ import annotations

import pytest

from league.schedules import Fact, Pairing, Place, Result
from league.schedules.guard import Guarded
from marl.errors import RunError

PLAYERS = ("ann", "bob", "cat")
SUBJECT = "schedule 'bad/x' (plugin 'bad' of bad 0.1)"


def pairing(id="1", players=("ann", "bob"), seed=0, round=1):
    return Pairing(id, players, seed, round)


class Given:
    """Gives what a test says, or raises it."""

    order = "luck"

    def __init__(self, due=None, places=None):
        self.due, self.places = due, places

    def next(self, results):
        return self._say(self.due)

    def standing(self, results):
        return self._say(self.places)

    def facts(self, results):
        return [Fact("a", "b", 1)]

    def _say(self, what):
        if isinstance(what, Exception):
            raise what
        return what


def guarded(due=None, places=None):
    return Guarded(Given(due, places), SUBJECT, PLAYERS, 2)


WRONG = {
    "gave an empty list after 0 results": [],
    "gave None before any match was played": None,
    "asks for match '1' twice at once": [pairing(), pairing()],
    "lets 'zoe' play in match '1': the players are ann, bob, cat": [pairing(players=("ann", "zoe"))],
    "has ann in match '1': the game has 2 sides": [pairing(players=("ann",))],
    "has ann, ann in match '1'": [pairing(players=("ann", "ann"))],
    "gave the id '../x'": [pairing(id="../x")],
    "gave the id 3": [pairing(id=3)],
    "whose seed_index or round is no integer": [pairing(seed="0")],
    "failed in next(results) (test_guard.py, line ": KeyError("x"),
    "gave 7 from next(results), which cannot be used: a list of league.schedules.Pairing": 7,
    "gave ['1'] from next(results)": ["1"],
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_pairings_are_sentences(words):
    with pytest.raises(RunError) as raised:
        guarded(WRONG[words]).next([])
    assert words in str(raised.value)
    assert str(raised.value).startswith(SUBJECT)
    assert "None when the event is over" in str(raised.value)


def test_a_finished_match_is_not_asked_for_again_so_that_no_event_waits_for_ever():
    schedule = guarded([pairing()])
    assert schedule.next([]) == [pairing()]
    with pytest.raises(RunError, match="asks again for match '1', whose result it was given"):
        schedule.next([Result("1", ("ann", "bob"), (1, 0))])


def test_a_pairing_stays_what_it_is():
    schedule = guarded([pairing()])
    schedule.next([])
    schedule.schedule.due = [pairing(players=("bob", "ann"))]
    with pytest.raises(RunError, match="changed match '1' from Pairing"):
        schedule.next([])


TABLE = [Place(1, player, 0.0, 0) for player in PLAYERS]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (None, "gave nothing (None) from standing(results)"),
        (TABLE[:2], "each of the players ann, bob, cat once would be right"),
        ([*TABLE[:2], Place(1, "zoe", 0.0, 0)], "each of the players ann, bob, cat once would be right"),
        ([*TABLE[:2], Place(0, "cat", 0.0, 0)], "a rank from 1 on"),
        ([*TABLE[:2], Place(1, "cat", float("nan"), 0)], "a finite number of points"),
        (TypeError("'NoneType' object is not callable"), "failed in standing(results) (test_guard.py, line "),
    ],
)
def test_wrong_standings_are_sentences(places, words):
    with pytest.raises(RunError) as raised:
        guarded(places=places).standing([])
    assert words in str(raised.value)
    assert SUBJECT in str(raised.value)


def test_right_answers_pass():
    schedule = guarded([pairing(), pairing("2", ("bob", "cat"), 1)], TABLE)
    assert len(schedule.next([])) == 2
    assert schedule.standing([]) == TABLE
    assert (schedule.order, schedule.facts([])[0].name) == ("luck", "a")
    schedule.schedule.due = None
    assert schedule.next([Result("1", ("ann", "bob"), (1, 0))]) is None
