"""Elo, Glicko-2 and OpenSkill: published examples, the reference package, and properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.ratings.bradley_terry import BradleyTerry
from league.ratings.elo import Elo
from league.ratings.elo import Params as EloParams
from league.ratings.glicko2 import Glicko2, Strength, rate
from league.ratings.openskill import OpenSkill
from league.schedules import Result


def test_glicko_2_gives_the_numbers_of_glickmans_example():
    player = rate(
        Strength(1500, 200, 0.06),
        [(Strength(1400, 30, 0.06), 1), (Strength(1550, 100, 0.06), 0), (Strength(1700, 300, 0.06), 0)],
        tau=0.5,
    )
    assert player.rating == pytest.approx(1464.06, abs=0.01)
    assert player.deviation == pytest.approx(151.52, abs=0.01)
    assert player.volatility == pytest.approx(0.05999, abs=0.00001)


def test_a_surprising_result_raises_volatility():
    calm = Strength(1500, 50, 0.06)
    upset = [(Strength(2100, 50, 0.06), 1)] * 5
    assert rate(calm, upset, tau=1.0).volatility > 0.06


def test_who_does_not_play_a_period_becomes_less_certain(games):
    system = Glicko2()
    first = system.fit(games("a>b"))
    after = system.update([Result("x", ("c", "d"), (1, 0), round=2)])
    assert after["a"].value == first["a"].value
    assert after["a"].high - after["a"].low > first["a"].high - first["a"].low


def test_glicko_2_rates_all_games_of_a_round_at_once(games):
    results = games("a>b", "b>c", "c>a", "a>c")
    one = Glicko2().fit(results)
    other = Glicko2().fit(results[::-1])
    for player in "abc":
        assert one[player].value == pytest.approx(other[player].value)


def test_an_elo_win_between_equals_moves_half_of_k(games):
    table = Elo(params=EloParams(k=20)).fit(games("a>b"))
    assert (table["a"].value, table["b"].value) == (1510, 1490)
    assert math.isnan(table["a"].low)


def test_anchors_stay_and_pull_the_others_to_their_scale(games):
    system = Elo(params=EloParams(anchors={"a": 2000.0}))
    table = system.fit(games(*["a=b"] * 400))
    assert table["a"].value == 2000
    assert table["b"].value == pytest.approx(2000, abs=5)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.permutations("abcd"), st.sampled_from([(1, 0), (0.5, 0.5), (0, 1)])), max_size=40))
def test_elo_keeps_the_sum_of_all_ratings(played):
    results = [Result(str(i), tuple(order[:2]), scores) for i, (order, scores) in enumerate(played)]
    assert sum(rating.value - 1500 for rating in Elo().fit(results).values()) == pytest.approx(0, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.data(), st.integers(2, 5))
def test_openskill_agrees_with_the_package_but_for_ties_of_several(data, sides):
    models = pytest.importorskip("openskill.models")
    theirs, ours = models.PlackettLuce(), OpenSkill()
    strengths = data.draw(
        st.lists(st.tuples(st.floats(0, 50), st.floats(0.5, 9)), min_size=sides, max_size=sides), label="strengths"
    )
    tied = st.lists(st.integers(0, 1), min_size=2, max_size=2)
    ranks = data.draw(tied if sides == 2 else st.permutations(range(sides)), label="ranks")
    rated = theirs.rate(
        [[theirs.rating(mu=mu, sigma=sigma)] for mu, sigma in strengths], ranks=[float(r) for r in ranks]
    )
    mine = ours.rate(strengths, [-rank for rank in ranks])
    for (mu, sigma), [other] in zip(mine, rated, strict=True):
        assert mu == pytest.approx(other.mu, abs=1e-9)
        assert sigma == pytest.approx(other.sigma, abs=1e-9)


def test_who_shares_second_place_among_eight_is_rated_above_the_fourth():
    scores = {"a": 1, "b": 5.5 / 7, "c": 4 / 7, "d": 5.5 / 7, "e": 3 / 7, "f": 2 / 7, "g": 1 / 7, "h": 0}
    for system in (OpenSkill, Elo, Glicko2, BradleyTerry):
        fit = system().fit([Result("1", tuple(scores), tuple(scores.values()))])
        ordered = [fit[player].value for player in "abcefgh"]
        assert ordered == sorted(ordered, reverse=True), system
        assert fit["b"].value == pytest.approx(fit["d"].value)


def test_equals_who_tie_have_the_mean_of_the_places_that_they_share():
    system, newcomer = OpenSkill(), (25.0, 25 / 3)
    apart = system.rate([newcomer] * 5, [4, 3, 2, 1, 0])
    shared = system.rate([newcomer] * 5, [4, 2, 2, 2, 0])
    assert shared[0][0] == pytest.approx(apart[0][0])
    assert shared[4][0] == pytest.approx(apart[4][0])
    for tied in shared[1:4]:
        assert tied[0] == pytest.approx(sum(mu for mu, _ in apart[1:4]) / 3)
    assert [mu for mu, _ in system.rate([newcomer] * 8, [0] * 8)] == pytest.approx([25.0] * 8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=9))
def test_a_better_place_never_rates_an_equal_lower(scores):
    rated = OpenSkill().rate([(25.0, 8.0)] * len(scores), scores)
    for one, mine in zip(scores, rated, strict=True):
        for two, theirs in zip(scores, rated, strict=True):
            assert one <= two or mine[0] > theirs[0] - 1e-9


@pytest.mark.parametrize("system", [Elo, Glicko2, OpenSkill])
def test_updates_one_by_one_are_a_fit(system, simulate):
    results = simulate({"a": 200, "b": 0, "c": -100}, cycles=4, seed=1)
    online = system()
    for cycle in range(1, 5):
        table = online.update([result for result in results if result.round == cycle])
    whole = system().fit(results)
    assert {player: rating.value for player, rating in table.items()} == {
        p: rating.value for p, rating in whole.items()
    }


@pytest.mark.parametrize("system", [Elo, Glicko2, OpenSkill])
def test_the_stronger_player_is_rated_higher_and_void_matches_do_not_count(system, simulate):
    results = simulate({"a": 300, "b": 0, "c": -300}, cycles=10, seed=2)
    void = [Result("v", ("c", "a"), (1, 0), void=True)] * 50
    table = system().fit(results + void)
    assert table["a"].value > table["b"].value > table["c"].value
    assert table["a"].games == 40


def test_all_online_systems_take_matches_of_many_sides():
    results = [Result(str(i), ("a", "b", "c"), (1.0, 0.5, 0.0)) for i in range(10)]
    for system in (Elo, Glicko2, OpenSkill):
        table = system().fit(results)
        assert table["a"].value > table["b"].value > table["c"].value
