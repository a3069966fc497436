"""Tie-breaks, by hand; and that tables agree with themselves."""

from __future__ import annotations

import pytest

from league.hookspecs import SCHEDULES
from league.schedules import Result
from league.schedules.groups import Groups
from league.schedules.groups import Params as GroupsParams
from league.schedules.round_robin import Params as RoundRobinParams
from league.schedules.round_robin import RoundRobin
from league.schedules.swiss import Params as SwissParams
from league.schedules.swiss import Swiss
from league.schedules.tiebreaks import separate
from marl.errors import UserError
from marl.registry import load_registry

# a beat b, b beat c, c beat a; a and c beat d, and b drew with d twice
MATCHES = [
    {"a": 1.0, "b": 0.0}, {"b": 1.0, "c": 0.0}, {"c": 1.0, "a": 0.0},
    {"a": 1.0, "d": 0.0}, {"b": 0.5, "d": 0.5}, {"c": 1.0, "d": 0.0}, {"b": 0.5, "d": 0.5},
]  # fmt: skip
POINTS = {"a": 2.0, "b": 2.0, "c": 2.0, "d": 1.0}


def values(*chosen):
    found = separate(chosen, POINTS, MATCHES, 1)
    return {player: tuple(value for _, value in breaks) for player, breaks in found.items()}


def test_each_tiebreak_by_hand():
    assert values("wins") == {"a": (2,), "b": (1,), "c": (2,), "d": (0,)}
    assert values("head_to_head") == {"a": (1,), "b": (1,), "c": (1,), "d": (0,)}
    assert values("buchholz") == {"a": (5,), "b": (6,), "c": (5,), "d": (8,)}
    assert values("buchholz_cut") == {"a": (4,), "b": (5,), "c": (4,), "d": (6,)}
    assert values("sonneborn_berger") == {"a": (3,), "b": (3,), "c": (3,), "d": (2,)}


def test_head_to_head_is_among_those_whom_nothing_has_separated_before():
    assert values("wins", "head_to_head") == {"a": (2, 0), "b": (1, 0), "c": (2, 1), "d": (0, 0)}


def test_games_of_a_meeting_count_as_one_opponent():
    twice = [match for match in MATCHES for _ in range(2)]
    once = separate(["buchholz", "buchholz_cut", "sonneborn_berger"], POINTS, MATCHES, 1)
    assert separate(["buchholz", "buchholz_cut", "sonneborn_berger"], POINTS, twice, 2) == once


def test_the_host_chooses_and_the_table_says_so(field, play_out):
    schedule = RoundRobin(field(3), params=RoundRobinParams(games=1, tiebreaks=["wins"]))
    scores = {("p0", "p1"): (0.5, 0.5), ("p0", "p2"): (0.5, 0.5), ("p1", "p2"): (0.5, 0.5)}

    def outcome(pairing):
        return [0, 0] if tuple(sorted(pairing.players)) in scores else [1, 0]

    table = schedule.standing(play_out(schedule, outcome))
    assert {place.rank for place in table} == {1}
    assert table[0].tiebreaks == (("wins", 0.0),)
    assert schedule.order == "points, then wins"
    assert Swiss(field(4)).order == "points, then Buchholz"
    assert Swiss(field(4), params=SwissParams(tiebreaks=[])).order == "points"
    assert "Sonneborn-Berger" in Groups(field(6), params=GroupsParams(tiebreaks=["sonneborn_berger"])).order


def test_a_tie_in_a_group_is_broken_as_the_host_said_when_it_decides_who_goes_on():
    """In the group of p0, p3 and p4, p0 draws twice; p3 and p4 win one game each: all have two points of four."""
    won = {("p3", "p4"), ("p4", "p3")}

    def winner(tiebreaks):
        schedule, results = (
            Groups([f"p{n}" for n in range(6)], params=GroupsParams(groups=2, advance=1, tiebreaks=tiebreaks)),
            [],
        )
        for pairing in schedule.next([]):
            scores = (1.0, 0.0) if pairing.players in won else (0.5, 0.5)
            results.append(Result(pairing.id, pairing.players, scores, round=pairing.round))
        return {player for pairing in schedule.next(results) for player in pairing.players}

    assert "p0" in winner([])
    assert "p3" in winner(["wins"])


def test_an_unknown_tiebreak_is_refused(field):
    with pytest.raises(UserError, match="tiebreaks"):
        load_registry().make(SCHEDULES, "swiss", {"tiebreaks": ["luck"]}, players=field(4), sides=2, seed=0)


def test_byes_and_matches_that_stay_void_are_points_without_a_match(field):
    schedule = Swiss(field(3), params=SwissParams(rounds=1, games=2))
    due = schedule.next([])
    results = [Result(due[0].id, due[0].players, (1.0, 0.0), round=1)]
    results += [Result(due[1].id + again, due[1].players, (), void=True, round=1) for again in ("", "+1", "+2")]
    table = {place.player: (place.points, place.played, place.unplayed) for place in schedule.standing(results)}
    assert table == {"p0": (1.5, 1, 0.5), "p1": (0.5, 1, 0.5), "p2": (2.0, 0, 2.0)}
    half = Swiss(field(3), params=SwissParams(rounds=1, games=2, bye=0.5))
    assert {place.player: place.points for place in half.standing([])}["p2"] == 1.0
