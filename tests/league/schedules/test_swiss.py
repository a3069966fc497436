"""Swiss rounds: no repeats, byes, score groups, and the matching beneath."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from league.schedules import Result
from league.schedules.matching import cheapest_matching
from league.schedules.swiss import Params as SwissParams
from league.schedules.swiss import Record, Swiss, by_matching
from marl.errors import UserError

anything = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_first_round_pairs_the_upper_with_the_lower_half(field):
    due = Swiss(field(8)).next([])
    assert {frozenset(pairing.players) for pairing in due} == {frozenset((f"p{i}", f"p{i + 4}")) for i in range(4)}


def test_the_second_round_pairs_winners_with_winners(field, better_wins, play_out):
    schedule = Swiss(field(8), params=SwissParams(rounds=2))
    second = [frozenset(result.players) for result in play_out(schedule, better_wins) if result.round == 2]
    assert set(second) == {frozenset(pair) for pair in (("p0", "p2"), ("p1", "p3"), ("p4", "p6"), ("p5", "p7"))}


def test_the_best_player_wins_and_the_worst_is_last(field, better_wins, play_out):
    schedule = Swiss(field(16))
    table = schedule.standing(play_out(schedule, better_wins))
    assert (table[0].player, table[0].points, table[0].played) == ("p0", 12.0, 12)
    assert (table[-1].player, table[-1].points) == ("p15", 0.0)


@anything
@given(n=st.integers(2, 17), games=st.integers(1, 2), seed=st.integers(0, 10_000), draws=st.booleans())
def test_nobody_meets_twice_and_nobody_has_two_byes(n, games, seed, draws, field, play_out):
    luck = random.Random(seed)
    rounds = max(1, (n + n % 2) // 2)  # up to here it is always possible
    schedule = Swiss(field(n), seed=seed, params=SwissParams(games=games, rounds=rounds))
    results = play_out(schedule, lambda pairing: [luck.randint(0, 1 + draws) for _ in pairing.players])
    met = Counter(frozenset(result.players) for result in results)
    assert set(met.values()) == {games}
    played = Counter(player for result in results for player in result.players)
    byes = [rounds - played[player] // games for player in field(n)]
    assert max(byes) <= 1
    assert sum(byes) == rounds * (n % 2)


@anything
@given(n=st.integers(6, 14), seed=st.integers(0, 10_000))
def test_nearly_as_many_rounds_as_opponents_repeat_little(n, seed, field, play_out):
    luck = random.Random(seed)
    rounds = n - 1 + n % 2
    results = play_out(
        Swiss(field(n), params=SwissParams(rounds=rounds)), lambda pairing: [luck.random() for _ in pairing.players]
    )
    met = Counter(frozenset(result.players) for result in results)
    assert max(met.values()) <= 6
    assert sum(count // 2 - 1 for count in met.values()) <= n


def test_a_third_surplus_game_in_a_seat_is_worse_than_another_score_group(field):
    order = field(4)
    seats = {"p0": [3, 1], "p1": [3, 1], "p2": [1, 3], "p3": [1, 3]}
    records = {p: Record(i, points=4.0 - i // 2, seats=seats[p]) for i, p in enumerate(order)}
    across = by_matching(order, records, odd=True)[0]
    assert all(one in ("p0", "p1") and two in ("p2", "p3") for one, two in across)
    assert by_matching(order, records, odd=False)[0] == [("p0", "p1"), ("p2", "p3")]


def test_a_bye_is_worth_a_won_meeting_and_goes_to_the_last(field, better_wins, play_out):
    schedule = Swiss(field(5), params=SwissParams(rounds=1))
    results = play_out(schedule, better_wins)
    assert Counter(player for result in results for player in result.players)["p4"] == 0
    place = next(place for place in schedule.standing(results) if place.player == "p4")
    assert (place.points, place.played) == (2.0, 0)


def test_the_bye_goes_to_the_last_who_had_none_whatever_that_does_to_score_groups(field):
    schedule, points = Swiss(field(5), params=SwissParams(rounds=2)), {"p0": 1.5, "p2": 0.5, "p1": 1, "p3": 1}
    results = [
        Result(due.id, due.players, tuple(points[player] / 2 for player in due.players)) for due in schedule.next([])
    ]
    second = schedule.next(results)
    assert {player for due in second for player in due.players} == {"p0", "p1", "p3", "p4"}, "p2 is last of the others"


@anything
@given(n=st.sampled_from([5, 7, 9, 11]), seed=st.integers(0, 10_000))
def test_nobody_below_who_has_a_bye_could_have_had_it_without_a_rematch(n, seed, field, play_out):
    luck, names = random.Random(seed), field(n)
    schedule = Swiss(names, params=SwissParams(rounds=n // 2, games=1))
    results = play_out(schedule, lambda pairing: [luck.randint(0, 1) for _ in pairing.players])
    met, points, rested = set(), dict.fromkeys(names, 0.0), set()
    for number in range(1, n // 2 + 1):
        order = sorted(names, key=lambda player: -points[player])
        round = [result for result in results if result.round == number]
        (bye,) = set(names) - {player for result in round for player in result.players}
        for lower in order[order.index(bye) + 1 :]:
            assert lower in rested or not pairable(set(names) - {lower}, met), (number, bye, lower)
        rested.add(bye)
        points[bye] += 1
        for result in round:
            met.add(frozenset(result.players))
            for player, score in zip(result.players, result.scores, strict=True):
                points[player] += score


def pairable(players: set[str], met: set[frozenset[str]]) -> bool:
    if not players:
        return True
    first = min(players)
    return any(
        frozenset((first, other)) not in met and pairable(players - {first, other}, met) for other in players - {first}
    )


def test_impossible_numbers_of_rounds_are_refused(field):
    with pytest.raises(UserError, match="6 players must meet twice; at most 5 are right"):
        Swiss(field(6), params=SwissParams(rounds=6))
    with pytest.raises(UserError, match="second bye; 3 rounds are the most"):
        Swiss(field(7), sides=5, params=SwissParams(rounds=4))


def test_three_sides_have_byes_at_most_once(field, at_random, play_out):
    results = play_out(Swiss(field(8), sides=3, params=SwissParams(rounds=4)), at_random(1, void=0))
    played = Counter(player for result in results for player in result.players)
    assert set(played.values()) == {9}  # 2 byes in each of 4 rounds: one for each of 8


def brute_force(costs: list[list[int]]) -> int:
    def best(left: tuple[int, ...]) -> int:
        if not left:
            return 0
        first, *others = left
        return min(costs[first][o] + best(tuple(x for x in others if x != o)) for o in others)

    return best(tuple(range(len(costs))))


@settings(deadline=None, max_examples=150)
@given(half=st.integers(1, 4), high=st.sampled_from([1, 2, 6, 10**20]), seed=st.integers(0, 10**6))
def test_the_matching_is_the_cheapest(half, high, seed):
    luck = random.Random(seed)
    n = 2 * half
    costs = [[0] * n for _ in range(n)]
    for i, j in combinations(range(n), 2):
        costs[i][j] = costs[j][i] = luck.randint(0, high)
    partner = cheapest_matching(costs)
    assert all(partner[partner[i]] == i != partner[i] for i in range(n))
    assert sum(costs[i][partner[i]] for i in range(n)) == 2 * brute_force(costs)


def test_the_matching_of_a_large_field_agrees_with_networkx():
    networkx = pytest.importorskip("networkx")
    luck = random.Random(3)
    for high in (2, 10**9):
        costs = [[0] * 60 for _ in range(60)]
        graph = networkx.Graph()
        for i, j in combinations(range(60), 2):
            costs[i][j] = costs[j][i] = luck.randint(0, high)
            graph.add_edge(i, j, weight=high - costs[i][j])
        partner = cheapest_matching(costs)
        theirs = networkx.max_weight_matching(graph, maxcardinality=True)
        assert sum(costs[i][partner[i]] for i in range(60)) == 2 * sum(costs[i][j] for i, j in theirs)


def test_an_odd_number_has_no_perfect_matching():
    with pytest.raises(ValueError, match="3 vertices"):
        cheapest_matching([[0] * 3] * 3)
