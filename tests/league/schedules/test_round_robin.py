"""Round robins and gauntlets: who meets whom, and how often."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.schedules.gauntlet import Gauntlet
from league.schedules.gauntlet import Params as GauntletParams
from league.schedules.round_robin import Params as RoundRobinParams
from league.schedules.round_robin import RoundRobin, circle
from league.schedules.seats import balanced
from marl.errors import UserError


def test_the_circle_method_gives_the_known_rounds_of_four():
    assert circle(["a", "b", "c", "d"]) == [
        [("a", "d"), ("b", "c")],
        [("a", "c"), ("d", "b")],
        [("a", "b"), ("c", "d")],
    ]


@settings(deadline=None, max_examples=40)
@given(n=st.integers(2, 14), games=st.integers(1, 4), cycles=st.integers(1, 2))
def test_every_pair_meets_equally_often_and_nobody_twice_a_round(n, games, cycles):
    players = [f"p{i}" for i in range(n)]
    pairings = RoundRobin(players, params=RoundRobinParams(games=games, cycles=cycles)).pairings
    met = Counter(frozenset(pairing.players) for pairing in pairings)
    assert set(met.values()) == {games * cycles}
    assert len(met) == comb(n, 2)
    busy = Counter((pairing.round, player) for pairing in pairings for player in pairing.players)
    assert set(busy.values()) == {games}
    assert max(pairing.round for pairing in pairings) == cycles * (n - 1 + n % 2)
    assert len({pairing.id for pairing in pairings}) == len(pairings)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(3, 8), sides=st.integers(3, 4), blocks=st.integers(0, 2), single=st.booleans())
def test_more_sides_play_every_combination_with_seats_balanced_within_one(n, sides, blocks, single):
    games = blocks * sides + single or sides  # whole rotations, or one game more
    players = [f"p{i}" for i in range(max(n, sides))]
    pairings = RoundRobin(players, sides=sides, params=RoundRobinParams(games=games)).pairings
    assert len(pairings) == comb(len(players), sides) * games
    met = Counter(pair for pairing in pairings for pair in combinations(sorted(pairing.players), 2))
    assert set(met.values()) == {comb(len(players) - 2, sides - 2) * games}
    seats = Counter(place for pairing in pairings for place in enumerate(pairing.players))
    for player in players:
        counts = [seats[seat, player] for seat in range(sides)]
        assert max(counts) - min(counts) <= 1


def test_a_cyclic_design_gives_everyone_as_many_meetings_and_pairs_nearly_as_many():
    players = [f"p{i}" for i in range(13)]
    pairings = RoundRobin(
        players, sides=4, params=RoundRobinParams(games=4, meetings=4)
    ).pairings  # 13 points, blocks of 4: a projective plane
    met = Counter(pair for pairing in pairings for pair in combinations(sorted(pairing.players), 2))
    assert len(pairings) == 13 * 4
    assert len(met) == comb(13, 2)
    assert set(met.values()) == {4}
    with pytest.raises(UserError, match="meetings: 3 is no multiple of the game's 4 sides"):
        RoundRobin(players, sides=4, params=RoundRobinParams(meetings=3))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.permutations(range(6)).map(lambda order: tuple(order[:3])), max_size=30))
def test_any_meetings_can_be_seated_evenly(meetings):
    seated = balanced(meetings)
    assert [frozenset(meeting) for meeting in seated] == [frozenset(meeting) for meeting in meetings]
    counts = Counter(place for meeting in seated for place in enumerate(meeting))
    for player in range(6):
        mine = [counts[seat, player] for seat in range(3)]
        assert max(mine) - min(mine) <= 1


def test_challengers_meet_the_field_and_not_each_other():
    pairings = Gauntlet(["a", "b", "c", "d"], params=GauntletParams(challengers=["d", "b"])).pairings
    met = Counter(frozenset(pairing.players) for pairing in pairings)
    assert met == {frozenset(pair): 2 for pair in ("ad", "cd", "ab", "bc")}


def test_a_challenger_must_be_a_player():
    with pytest.raises(UserError, match="'anna' is not a player of this event; did you mean 'ann'"):
        Gauntlet(["ann", "bob"], params=GauntletParams(challengers=["anna"]))
    with pytest.raises(UserError, match="0 players remain to be challenged"):
        Gauntlet(["ann", "bob"], params=GauntletParams(challengers=["ann", "bob"]))
