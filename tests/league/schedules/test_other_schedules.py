"""Ladder, groups, SPRT; and shares."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from league.schedules import Result, shares
from league.schedules.groups import Groups
from league.schedules.groups import Params as GroupsParams
from league.schedules.ladder import Ladder
from league.schedules.ladder import Params as LadderParams
from league.schedules.sprt import Params as SprtParams
from league.schedules.sprt import Sprt
from marl.errors import UserError


def test_shares_are_the_part_of_the_others_that_was_beaten():
    assert shares([1, -1]) == (1.0, 0.0)
    assert shares([0, 0]) == (0.5, 0.5)
    assert shares([3, 1, 3, 0]) == pytest.approx((5 / 6, 1 / 3, 5 / 6, 0))


def test_a_ladder_finds_the_order_of_strengths(field, better_wins, play_out):
    schedule = Ladder(field(8), params=LadderParams(rounds=14))
    table = schedule.standing(play_out(schedule, better_wins))
    assert (table[0].player, table[-1].player) == ("p0", "p7")


def test_a_ladder_pairs_like_with_like(field, better_wins, play_out):
    results = play_out(Ladder(field(20), params=LadderParams(rounds=30)), better_wins)
    distance = [abs(int(a[1:]) - int(b[1:])) for a, b in (result.players for result in results if result.round > 15)]
    assert sum(distance) / len(distance) < 4.5  # 7 among random pairs


def test_a_slow_match_holds_up_a_ladder_only_after_the_next_round(field):
    schedule, luck, results = Ladder(field(8), params=LadderParams(rounds=5)), random.Random(1), []
    slow = schedule.next([])[0]
    rounds = set()
    for _ in range(5):
        for pairing in schedule.next(results):
            rounds.add(pairing.round)
            if pairing != slow:
                results.append(Result(pairing.id, pairing.players, shares([luck.random(), luck.random()])))
        if schedule.next(results) == [slow]:
            break
    assert rounds == {1, 2}


def test_seeds_are_dealt_there_and_back_and_the_best_of_each_group_go_on(field, better_wins, play_out):
    schedule = Groups(field(8), params=GroupsParams(groups=2, advance=2))
    results = play_out(schedule, better_wins)
    first = {player for result in results if result.pairing.startswith("group1:") for player in result.players}
    assert first == {"p0", "p3", "p4", "p7"}
    finals = Counter(player for result in results if result.pairing.startswith("final:") for player in result.players)
    assert set(finals) == {"p0", "p1", "p2", "p3"}
    assert [place.player for place in schedule.standing(results)][:2] == ["p0", "p1"]
    assert [place.rank for place in schedule.standing(results)] == [1, 2, 3, 3, 5, 5, 7, 7]
    assert {result.round for result in results} == {1, 2, 3, 4, 5}


def test_group_winners_of_one_group_do_not_meet_in_the_first_final(field, better_wins, play_out):
    results = play_out(Groups(field(8), params=GroupsParams(groups=2)), better_wins)
    semifinals = {frozenset(r.players) for r in results if r.pairing.startswith("final:1")}
    assert semifinals == {frozenset(("p0", "p2")), frozenset(("p1", "p3"))} or semifinals == {
        frozenset(("p0", "p3")),
        frozenset(("p1", "p2")),
    }


def test_groups_refuse_what_cannot_be(field):
    with pytest.raises(UserError, match="4 groups of 7 players leave one with fewer than 2"):
        Groups(field(7), params=GroupsParams(groups=4))
    with pytest.raises(UserError, match="finals: single_elimination is for games of two sides"):
        Groups(field(9), sides=3)


def test_an_sprt_stops_early_for_a_better_candidate(play_out):
    luck = random.Random(1)
    schedule = Sprt(["new", "old"], params=SprtParams(elo0=0, elo1=50))
    results = play_out(
        schedule, lambda pairing: [luck.random() + 0.25 * (player == "new") for player in pairing.players]
    )
    assert schedule.decision(results).verdict == "H1"
    assert len(results) < 400


def test_an_sprt_that_cannot_decide_stops_at_its_limit(play_out):
    schedule = Sprt(["new", "old"], params=SprtParams(elo0=-1, elo1=1, most=5))
    results = play_out(schedule, lambda pairing: [0, 0])
    assert len(results) == 10
    assert schedule.decision(results).verdict == ""


def test_an_sprt_is_for_two_players(field):
    with pytest.raises(UserError, match="two players, the candidate first; 3 entered"):
        Sprt(field(3))
