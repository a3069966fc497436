"""SPRT: the likelihood ratio's known values, and error rates within their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from league.ratings.simulate import sprt_rates
from league.ratings.sprt import POINTS, SequentialTest, elo_of, estimate, expected_score, log_likelihood_ratio


def test_the_bounds_are_walds():
    test = SequentialTest(0, 10, alpha=0.05, beta=0.05)
    assert (test.lower, test.upper) == pytest.approx((-2.944, 2.944), abs=1e-3)


def test_elo_becomes_the_mean_score():
    assert expected_score(0) == 0.5
    assert expected_score(400) == pytest.approx(10 / 11)


def test_wins_and_losses_alone_give_the_binomial_ratio():
    won, lost, p0, p1 = 60, 40, 0.5, 0.6
    found = log_likelihood_ratio(np.array([[lost, 0, 0, 0, won]]), p0, p1)[0]
    exact = won * np.log(p1 / p0) + lost * np.log((1 - p1) / (1 - p0))
    assert found == pytest.approx(exact, rel=1e-3)


def test_with_many_pairs_the_ratio_is_that_of_a_normal_mean():
    counts = np.array([[500, 2000, 5000, 2100, 520]])
    n, shares = counts.sum(), counts[0] / counts.sum()
    mean = shares @ POINTS
    variance = shares @ (POINTS - mean) ** 2
    score0, score1 = expected_score(0), expected_score(5)
    normal = n * (score1 - score0) * (2 * mean - score0 - score1) / (2 * variance)
    assert log_likelihood_ratio(counts, score0, score1)[0] == pytest.approx(normal, rel=0.01)


def test_the_ratio_changes_sign_when_the_players_change_places():
    counts = np.array([[5, 20, 60, 30, 9]])
    there = log_likelihood_ratio(counts, expected_score(-10), expected_score(10))
    back = log_likelihood_ratio(counts[:, ::-1], expected_score(-10), expected_score(10))
    assert there[0] == pytest.approx(-back[0])
    assert there[0] > 0


@pytest.mark.parametrize("counts", [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 9999, 0, 0]])
def test_one_sided_counts_give_a_finite_ratio(counts):
    assert np.isfinite(log_likelihood_ratio(np.array([counts]), 0.5, 0.6)).all()


@pytest.mark.parametrize(("elo0", "elo1"), [(0, 50), (0, 100), (-30, 30)])
def test_error_rates_over_a_thousand_tests_are_within_the_bounds(elo0, elo1):
    test = SequentialTest(elo0, elo1, alpha=0.05, beta=0.05)
    wrong = sprt_rates(test, elo0, 1000, seed=1).accepted, sprt_rates(test, elo1, 1000, seed=2).rejected
    noise = 2 * (0.05 * 0.95 / 1000) ** 0.5
    assert max(wrong) <= 0.05 + noise
    assert min(wrong) > 0.01, "no more cautious than it need be"


def test_hypotheses_that_make_no_test_are_refused():
    with pytest.raises(ValueError, match="elo0: 5 is not below elo1: 5"):
        SequentialTest(5, 5)
    with pytest.raises(ValueError, match="must be above 0 and below"):
        SequentialTest(0, 5, alpha=0.7)


def test_elo_and_its_error_are_those_of_the_pairs_mean():
    found = estimate(np.array([10, 40, 100, 60, 15]))
    counts = np.array([10, 40, 100, 60, 15])
    score = counts @ POINTS / counts.sum()
    error = np.sqrt((counts @ (POINTS - score) ** 2) / counts.sum() ** 2)
    assert found.elo == pytest.approx(400 * np.log10(score / (1 - score)))
    assert found.error == pytest.approx(error, rel=0.05)
    low, high = found.interval
    assert low < found.elo < high
    assert expected_score(high) - found.score == pytest.approx(1.96 * found.error, rel=0.01)
    assert found.los == pytest.approx(0.986, abs=0.005)


def test_a_few_equal_pairs_do_not_pass_for_certainty_and_extremes_are_told():
    few, many = estimate(np.array([0, 0, 5, 0, 0])), estimate(np.array([0, 0, 5000, 0, 0]))
    assert (few.elo, few.los) == (0, 0.5)
    assert few.interval[1] > 50 > 2 > many.interval[1] > 0
    won = estimate(np.array([0, 0, 0, 0, 9]))
    assert won.elo == float("inf") and won.los > 0.99
    assert estimate(np.zeros(5)).elo == 0


def test_95_percent_intervals_of_elo_cover_the_truth():
    rng, inside = np.random.default_rng(2), 0
    shares = np.array([0.05, 0.2, 0.45, 0.22, 0.08])
    truth = elo_of(float(shares @ POINTS))
    for _ in range(1000):
        low, high = estimate(rng.multinomial(60, shares)).interval
        inside += low < truth < high
    assert 930 <= inside <= 975
