"""Bradley-Terry: known solutions, what it is invariant to, and intervals that keep their promise."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from league.ratings.bradley_terry import BradleyTerry, Params
from league.ratings.bradley_terry import Params as BradleyTerryParams
from league.ratings.elo import expected_score
from league.ratings.simulate import Field, coverage, plackett_luce
from league.schedules import Result


def test_two_players_without_draws_are_apart_by_the_odds(games):
    results = games(*["a>b"] * 30, *["b<a"] * 30, *["a<b"] * 10, *["b>a"] * 10)  # 60 : 20
    system = BradleyTerry(params=BradleyTerryParams(prior=1e6))
    table = system.fit(results)
    assert table["a"].value - table["b"].value == pytest.approx(400 * math.log10(3), abs=0.5)
    error = (system.difference("a", "b").high - system.difference("a", "b").low) / (2 * 1.959964)
    assert error == pytest.approx(400 / math.log(10) * math.sqrt(1 / 60 + 1 / 20), rel=0.01)  # the log-odds' error
    assert table["a"].value + table["b"].value == pytest.approx(3000)


def test_the_draw_parameter_is_that_of_davidson(games):
    equal = games(*["a>b", "a<b", "b>a", "b<a"] * 10, *["a=b"] * 40)  # half of all games drawn: nu / (2 + nu) = 1/2
    system = BradleyTerry(params=BradleyTerryParams(prior=1e6))
    system.fit(equal)
    assert system.draws == pytest.approx(2.0, rel=0.01)


def test_a_thousand_draws_are_a_few_elo_and_one_win_more_is_a_third_of_one(games):
    drawn = games(*["a=b", "b=a"] * 500)
    system = BradleyTerry()
    system.fit(drawn)
    gap = system.difference("a", "b")
    assert gap.value == pytest.approx(0, abs=1e-6)
    assert 0.3 < gap.high < 5
    system.fit([*drawn, Result("x", ("a", "b"), (1, 0))])
    share = 501 / 1001
    assert system.difference("a", "b").value == pytest.approx(400 * math.log10(share / (1 - share)), abs=0.02)


@pytest.mark.parametrize("draws", [0, 20, 200])
def test_two_players_are_apart_by_the_elo_of_their_score_as_sprt_counts_it(draws, games):
    results = games(*["a>b", "b<a"] * 30, *["a<b", "b>a"] * 10, *["a=b", "b=a"] * (draws // 2))
    system = BradleyTerry(params=BradleyTerryParams(prior=1e6))
    system.fit(results)
    elo = system.difference("a", "b").value
    assert expected_score(elo) == pytest.approx((60 + draws / 2) / (80 + draws), abs=1e-6)


def test_draws_make_ratings_surer(games):
    decided = games(*["a>b", "a<b", "b>a", "b<a"] * 20)
    drawn = games(*["a=b", "b=a"] * 40)
    width = []
    for results in (decided, drawn):
        system = BradleyTerry()
        system.fit(results)
        width.append(system.difference("a", "b").high)
    assert width[1] < width[0] / 3


def test_the_gradient_and_the_information_are_those_of_the_likelihood():
    from league.ratings.davidson import _look

    rng = np.random.default_rng(4)
    counts = rng.integers(0, 9, size=(1, 3, 3)).astype(float)
    design = np.array([[1.0, -1, 0, 0, 1], [0, 1, -1, 0, 1], [-1, 0, 1, 0, 1]])
    precision = np.array([0.1, 0.1, 0.1, 0, 0.1])
    at, small = np.array([[0.7, -0.3, 1.1, 0.4, 0.2]]), 1e-5
    _, gradient, _ = _look(at, design, counts, precision, 3)
    for k in range(5):
        moved = at + small * np.eye(5)[k], at - small * np.eye(5)[k]
        up, down = (_look(where, design, counts, precision, 3)[0][0] for where in moved)
        assert (up - down) / (2 * small) == pytest.approx(gradient[0, k], abs=1e-5)


def test_the_advantage_of_the_first_seat_is_not_taken_for_strength(games):
    results = games(*["a>b"] * 30, *["b>a"] * 30, *["a<b"] * 10, *["b<a"] * 10)
    system = BradleyTerry()
    table = system.fit(results)
    assert table["a"].value == pytest.approx(table["b"].value)
    assert system.advantage.value == pytest.approx(400 * math.log10(3), rel=0.01)
    assert system.advantage.low > 0
    assert BradleyTerry(params=BradleyTerryParams(seats=False)).fit(results)["a"].value == pytest.approx(1500)


def test_who_never_lost_has_a_finite_rating_and_a_wide_interval(games):
    table = BradleyTerry().fit(games(*["a>b", "b<a"] * 5, *["b>c", "c>b", "b<c", "c<b"] * 5))
    assert table["a"].value > table["b"].value
    assert table["a"].high - table["a"].low > 1.5 * (table["b"].high - table["b"].low) > 0
    assert table["a"].high < 4000


def test_who_always_sits_first_may_owe_it_to_the_seat(games):
    results = games(*["a>b"] * 90, *["a<b"] * 10)
    assert BradleyTerry(params=BradleyTerryParams(seats=False)).fit(results)["a"].low > 1500
    assert BradleyTerry().fit(results)["a"].low < 1500


def test_fields_that_never_met_get_intervals_that_say_so(games):
    apart = BradleyTerry()
    apart.fit(games(*["a>b", "a<b", "b>a", "b<a"] * 100, *["c>d", "d<c", "d>c", "c<d"] * 100))
    within, between = apart.difference("a", "b"), apart.difference("a", "c")
    assert between.high - between.low > 10 * (within.high - within.low)


def test_neither_names_nor_order_matter(simulate):
    results = simulate({"a": 200, "b": 0, "c": -100, "d": 50}, cycles=3, seed=1)
    renamed = dict(zip("abcd", "dcab", strict=True))
    shuffled = [
        Result(result.pairing, tuple(renamed[player] for player in result.players), result.scores)
        for result in random.Random(1).sample(results, len(results))
    ]
    one, two = BradleyTerry().fit(results), BradleyTerry().fit(shuffled)
    for player in "abcd":
        assert one[player].value == pytest.approx(two[renamed[player]].value, abs=1e-6)
        assert one[player].low == pytest.approx(two[renamed[player]].low, abs=1e-6)


def test_more_games_narrow_the_interval_by_the_square_root(simulate):
    results = simulate({"a": 100, "b": 0, "c": -100}, cycles=10, seed=3)
    once, often = BradleyTerry().fit(results), BradleyTerry().fit(results * 4)
    assert (once["a"].high - once["a"].low) / (often["a"].high - often["a"].low) == pytest.approx(2, rel=0.01)


def test_void_matches_and_no_matches(games):
    assert BradleyTerry().fit([]) == {}
    assert BradleyTerry().fit([Result("1", ("a", "b"), (1, 0), void=True)]) == {}
    with pytest.raises(ValueError, match="prior: 0 must be positive"):
        Params(prior=0)


@pytest.mark.parametrize(
    "field",
    [Field(), Field(cycles=1), Field(players=16, cycles=1), Field(players=4, cycles=4), Field(nu=0.02), Field(nu=20)],
)
def test_95_percent_intervals_cover_the_truth_in_93_to_97_percent_of_fields(field):
    found = coverage(field, fits=1000, seed=5)
    assert 0.93 <= found.strengths <= 0.97
    assert 0.93 <= found.differences <= 0.97
    assert 0.92 <= found.advantage <= 0.98  # a thousand intervals: four standard errors are 2.8 %


def test_intervals_from_matches_of_four_sides_cover_the_truth():
    inside = []
    for seed in range(80):
        truth = np.random.default_rng([seed, 1]).normal(size=8) * 0.8
        table = BradleyTerry(params=BradleyTerryParams(mean=0)).fit(
            plackett_luce(truth, sides=4, matches=60, seed=seed)
        )
        for i, value in enumerate((truth - truth.mean()) * 400 / math.log(10)):
            inside.append(table[f"p{i}"].low < value < table[f"p{i}"].high)
    assert 0.92 <= np.mean(inside) <= 0.98
