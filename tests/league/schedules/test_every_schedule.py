"""What every schedule promises, whatever happens in its matches."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from league.hookspecs import SCHEDULES
from league.schedules import Result
from marl.errors import UserError
from marl.registry import load_registry

MADE = {
    "round_robin": ({}, 2),
    "round_robin, odd games": ({"games": 1}, 2),
    "round_robin, three sides": ({}, 3),
    "gauntlet": ({}, 2),
    "swiss": ({}, 2),
    "swiss, single games": ({"games": 1}, 2),
    "swiss, three sides": ({"rounds": 3}, 3),
    "single_elimination": ({}, 2),
    "double_elimination": ({}, 2),
    "ladder": ({"rounds": 6}, 2),
    "ladder, three sides": ({"rounds": 4}, 3),
    "groups": ({}, 2),
    "groups, double": ({"finals": "double_elimination"}, 2),
}
REGISTRY = load_registry()


def make(case: str, players: list[str], seed: int = 0):
    params, sides = MADE[case]
    return REGISTRY.make(SCHEDULES, case.split(",")[0], params, players=players, sides=sides, seed=seed)


anything = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("case", MADE)
@anything
@given(n=st.integers(6, 11), seed=st.integers(0, 1000))
def test_what_is_asked_for_follows_from_the_results_alone(case, n, seed, field, at_random, play_out):
    luck = random.Random(seed)
    schedule = make(case, field(n), seed)
    results = play_out(schedule, at_random(seed), luck)
    some = results[: luck.randint(0, len(results))]
    shuffled = luck.sample(some, len(some))
    assert make(case, field(n), seed).next(shuffled) == schedule.next(some)
    assert make(case, field(n), seed).standing(shuffled) == schedule.standing(some)


@pytest.mark.parametrize("case", MADE)
def test_a_schedule_that_answered_for_one_event_answers_for_another_like_a_new_one(case, field, at_random, play_out):
    schedule = make(case, field(8))
    play_out(schedule, at_random(1))
    other = play_out(make(case, field(8)), at_random(2))
    for end in range(len(other) + 1):
        assert schedule.next(other[:end]) == make(case, field(8)).next(other[:end])


@pytest.mark.parametrize("case", MADE)
@anything
@given(n=st.integers(6, 11), seed=st.integers(0, 1000))
def test_the_order_in_which_matches_end_changes_nothing(case, n, seed, field, play_out):
    def outcome(pairing):
        luck = random.Random(pairing.id)
        return None if luck.random() < 0.05 else [luck.randint(0, 2) for _ in pairing.players]

    in_order = play_out(make(case, field(n)), outcome)
    jumbled = play_out(make(case, field(n)), outcome, random.Random(seed))
    assert sorted(in_order, key=lambda result: result.pairing) == sorted(jumbled, key=lambda result: result.pairing)


@pytest.mark.parametrize("case", MADE)
@anything
@given(n=st.integers(6, 11), seed=st.integers(0, 1000))
def test_matches_that_share_a_seed_are_one_meeting_with_the_seats_rotated(case, n, seed, field, at_random, play_out):
    results = play_out(make(case, field(n), seed), at_random(seed, void=0.0))
    asked, schedule = [], make(case, field(n), seed)
    for end in range(len(results) + 1):
        asked += schedule.next(results[:end]) or []
    groups = defaultdict(set)
    for pairing in asked:
        groups[pairing.seed_index].add(pairing.players)
    for seatings in groups.values():
        assert len({frozenset(players) for players in seatings}) == 1
        for seat in zip(*seatings, strict=True):
            assert len(set(seat)) == len(seat), "nobody has the same seat twice with one seed"


@pytest.mark.parametrize("case", MADE)
@anything
@given(n=st.integers(6, 11), seed=st.integers(0, 1000))
def test_seats_are_balanced(case, n, seed, field, at_random, play_out):
    most = {"swiss, single games": 2}.get(case, 1 if "odd" in case else 0)
    seats = Counter()
    for result in play_out(make(case, field(n), seed), at_random(seed, void=0.0)):
        seats.update(enumerate(result.players))
    sides = MADE[case][1]
    for player in field(n):
        counts = [seats[seat, player] for seat in range(sides)]
        assert max(counts) - min(counts) <= most


@pytest.mark.parametrize("case", MADE)
def test_a_void_match_is_played_again_and_at_last_costs_nobody_anything(case, field):
    schedule = make(case, field(6))
    first = schedule.next([])[0]
    results = []
    for attempt in ("", "+1", "+2"):
        again = {pairing.id: pairing for pairing in schedule.next(results)}
        assert again[first.id + attempt].players == first.players
        assert again[first.id + attempt].seed_index == first.seed_index
        results.append(Result(first.id + attempt, first.players, (0.0,) * len(first.players), void=True))
    assert not any(pairing.id.startswith(first.id + "+") for pairing in schedule.next(results) or [])
    points = {place.player: (place.points, place.played) for place in schedule.standing(results)}
    for player in first.players:
        assert points[player] == (0.5, 0)


@pytest.mark.parametrize("case", MADE)
def test_results_of_something_else_are_refused(case, field):
    schedule = make(case, field(6))
    first = schedule.next([])[0]
    with pytest.raises(UserError, match="belongs to no pairing of this schedule"):
        schedule.next([Result("99.1.1", ("x", "y"), (1, 0))])
    with pytest.raises(UserError, match="changed after the event began"):
        schedule.next([Result(first.id, ("x", *first.players[1:]), (0.0,) * len(first.players))])
    with pytest.raises(UserError, match="a score per side, each from 0 to 1"):
        schedule.next([Result(first.id, first.players, (3.0,) * len(first.players))])


@pytest.mark.parametrize("case", MADE)
def test_players_are_checked(case, field):
    with pytest.raises(UserError, match="'p1' is entered twice"):
        make(case, [*field(6), "p1"])
    with pytest.raises(UserError, match=r"needs [23] or more|fewer than"):
        make(case, ["p1"])
