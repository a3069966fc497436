"""Brackets: seeding, byes, drawn meetings, the reset of the final, and exactly one champion."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from league.schedules import Result
from league.schedules.book import Book
from league.schedules.bracket import Params, seeding
from league.schedules.bracket import Params as SingleEliminationParams
from league.schedules.double_elimination import DoubleElimination
from league.schedules.single_elimination import SingleElimination
from marl.errors import UserError

anything = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_order_of_seeds_is_the_standard_one():
    assert [seed + 1 for seed in seeding(3)] == [1, 8, 4, 5, 2, 7, 3, 6]


def test_byes_go_to_the_best_seeds(field):
    due = SingleElimination(field(5)).next([])
    assert {frozenset(pairing.players) for pairing in due} == {frozenset(("p3", "p4")), frozenset(("p1", "p2"))}
    assert {pairing.round for pairing in due} == {1, 2}, "a meeting begins as soon as both players are known"


def test_favourites_go_through(field, better_wins, play_out):
    schedule = SingleElimination(field(8))
    results = play_out(schedule, better_wins)
    assert len(results) == 7 * 2
    assert [(place.rank, place.player) for place in schedule.standing(results)] == [
        *((1, "p0"), (2, "p1"), (3, "p2"), (3, "p3")),
        *((5, "p4"), (5, "p5"), (5, "p6"), (5, "p7")),
    ]


def test_draws_are_played_off_in_pairs_and_then_the_better_seed_goes_on(field, play_out):
    schedule = SingleElimination(field(2), params=SingleEliminationParams(deciders=2))
    drawn = play_out(schedule, lambda pairing: [0, 0])
    assert [result.pairing for result in drawn] == ["1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.1.5", "1.1.6"]
    assert schedule.champion(drawn) == "p0"
    last = play_out(schedule, lambda pairing: [p == "p1" for p in pairing.players] if pairing.id > "1.1.4" else [0, 0])
    assert schedule.champion(last) == "p1"
    early = play_out(
        schedule, lambda pairing: [p == "p1" for p in pairing.players] if pairing.id == "1.1.3" else [0, 0]
    )
    assert len(early) == 4
    assert schedule.champion(early) == "p1"


def test_both_forfeiting_is_a_draw(field):
    schedule = SingleElimination(field(2), params=SingleEliminationParams(deciders=0))
    results = [Result(f"1.1.{i}", players, (0.0, 0.0)) for i, players in ((1, ("p0", "p1")), (2, ("p1", "p0")))]
    assert schedule.next(results) is None
    assert schedule.champion(results) == "p0"


def test_the_final_is_reset_when_the_unbeaten_player_loses_it(field, play_out):
    schedule = DoubleElimination(field(4))

    def outcome(pairing):
        upset = pairing.id.startswith("final")
        return [(-1 if upset else 1) * -int(player[1:]) for player in pairing.players]

    results = play_out(schedule, outcome)
    assert [result.pairing for result in results if "reset" in result.pairing] == ["reset.1.1", "reset.1.2"]
    assert schedule.champion(results) == "p0"
    assert [(place.rank, place.player) for place in schedule.standing(results)][:2] == [(1, "p0"), (2, "p1")]


def test_without_an_upset_there_is_no_second_final(field, better_wins, play_out):
    schedule = DoubleElimination(field(8))
    results = play_out(schedule, better_wins)
    assert not any("reset" in result.pairing for result in results)
    assert len(results) == 2 * 14
    assert [place.player for place in schedule.standing(results)][:4] == ["p0", "p1", "p2", "p3"]


@pytest.mark.parametrize("kind", [SingleElimination, DoubleElimination])
@anything
@given(n=st.integers(2, 19), seed=st.integers(0, 10_000))
def test_there_is_one_champion_and_everyone_else_lost_often_enough(kind, n, seed, field, at_random, play_out):
    schedule = kind(field(n))
    results = play_out(schedule, at_random(seed))
    table = schedule.standing(results)
    champion = schedule.champion(results)
    assert [place.player for place in table if place.rank == 1] == [champion]
    assert sorted(place.player for place in table) == sorted(field(n))
    state = schedule._replay(Book(results))
    lost = Counter(schedule.players[loser] for loser in state.losers.values() if loser >= 0)
    assert all(lost[player] == kind.lives for player in field(n) if player != champion)
    assert lost[champion] < kind.lives


def test_before_the_end_there_is_no_champion(field):
    assert SingleElimination(field(4)).champion([]) is None
    assert DoubleElimination(field(4)).champion([]) is None


def test_what_a_knockout_refuses(field):
    with pytest.raises(UserError, match="for games of two sides, and this game has 3"):
        SingleElimination(field(4), sides=3)
    with pytest.raises(ValueError, match="games: 3 is odd, and both players should have both seats; try 4"):
        Params(games=3)
