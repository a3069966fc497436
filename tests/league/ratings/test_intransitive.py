"""Alpha-rank and Nash averaging: known answers, OpenSpiel's answers, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.metasolvers.alpharank import AlphaRank as AlphaRankSolver
from league.ratings.alpha_rank import AlphaRank
from league.ratings.evolution import log_fixation, profile_masses, strategy_masses
from league.ratings.markov import SMALL, eliminate
from league.ratings.max_entropy import max_entropy_nash
from league.ratings.nash_averaging import NashAveraging
from marl.errors import UserError

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_the_probability_of_fixation_is_the_known_one():
    u = np.array([0.3, -0.3, 0.0, 1e-13])
    expected = [(1 - np.exp(-x)) / (1 - np.exp(-10 * x)) for x in (0.3, -0.3)] + [0.1, 0.1]
    np.testing.assert_allclose(np.exp(log_fixation(u, 10)), expected, rtol=1e-12)
    assert log_fixation(np.array([-1000.0]), 50)[0] == pytest.approx(-49_000)


def test_rock_paper_scissors_goes_round():
    np.testing.assert_allclose(strategy_masses(RPS, 100, 50), 1 / 3)
    np.testing.assert_allclose(profile_masses([RPS, -RPS], 100, 50), 1 / 9)


def test_a_dominant_action_takes_over():
    row = np.array([[3.0, 0], [5, 1]])
    assert profile_masses([row, row.T], 10, 50)[1, 1] > 0.999


def test_two_equilibria_are_told_apart_where_transitions_between_them_underflow():
    table = np.array([[2.0, 0.0], [0.0, 1.0]])  # coordination: leaving (0, 0) costs twice as much
    masses = profile_masses([table, table], 1000, 50)
    assert masses[0, 0] == pytest.approx(1.0)
    np.testing.assert_allclose(profile_masses([np.eye(2)] * 2, 1000, 50), [[0.5, 0], [0, 0.5]], atol=1e-12)


@pytest.mark.parametrize(("shape", "alpha"), [((6, 5), 1.0), ((4, 3, 3), 2.0), ((17, 16), 100.0)])
def test_alpha_rank_agrees_with_openspiel(shape, alpha):
    alpharank = pytest.importorskip("open_spiel.python.egt.alpharank")
    rng = np.random.default_rng(1)
    first = rng.normal(size=shape)
    tables = [first, -first] if len(shape) == 2 else [rng.normal(size=shape) for _ in shape]
    assert (np.prod(shape) > SMALL) == (shape == (17, 16)), "both ways of solving are tried"
    theirs = alpharank.compute(tables, m=20, alpha=alpha)[2]
    np.testing.assert_allclose(profile_masses(tables, alpha, 20).ravel(), theirs, atol=1e-9)


def test_one_population_agrees_with_openspiel():
    alpharank = pytest.importorskip("open_spiel.python.egt.alpharank")
    table = np.random.default_rng(2).normal(size=(9, 9))
    theirs = alpharank.compute([table], m=20, alpha=0.5)[2]
    np.testing.assert_allclose(strategy_masses(table, 0.5, 20), theirs, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(2, 7))
def test_alpha_rank_does_not_depend_on_the_order_of_strategies(seed, rows, columns):
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, rows, columns))
    i, j = rng.permutation(rows), rng.permutation(columns)
    masses = profile_masses([one, two], 5, 20)
    np.testing.assert_allclose(masses[i][:, j], profile_masses([one[i][:, j], two[i][:, j]], 5, 20), atol=1e-9)


def test_elimination_is_exact_for_rare_transitions():
    tiny = 1e-200
    weights = eliminate(np.array([[0, tiny, 0], [2 * tiny, 0, 0.5], [0, 1.0, 0]]))
    np.testing.assert_allclose(weights, np.array([4, 2, 1]) / 7)


def test_gaps_in_a_table_are_refused():
    with pytest.raises(UserError, match="complete payoff table"):
        profile_masses([np.array([[1.0, np.nan]])] * 2, 10, 50)


def test_the_meta_solver_gives_marginals():
    table = np.random.default_rng(1).normal(size=(3, 4, 2))
    mixtures = AlphaRankSolver()([table, -table, table])
    assert [len(mixture) for mixture in mixtures] == [3, 4, 2]
    for mixture in mixtures:
        assert mixture.sum() == pytest.approx(1)
    for mixture in AlphaRankSolver()([1000 * RPS, -1000 * RPS]):
        np.testing.assert_allclose(mixture, 1 / 3)


def test_in_a_cycle_everyone_has_a_share_and_the_weak_have_none(games):
    results = games(*["a>b", "b>c", "c>a"] * 5, *["a>d", "b>d", "c>d"] * 5)
    shares = AlphaRank().fit(results)
    assert [shares[player].value for player in "abc"] == pytest.approx([1 / 3] * 3)
    assert shares["d"].value == pytest.approx(0, abs=1e-9)
    averages = NashAveraging().fit(results)
    assert [averages[player].value for player in "abc"] == pytest.approx([0] * 3, abs=1e-6)
    assert averages["d"].value < -100


def test_copies_share_their_weight_and_change_no_rating():
    rng = np.random.default_rng(1)
    payoff = rng.normal(size=(5, 5))
    payoff -= payoff.T
    copies = [0, 1, 2, 3, 4, 4, 4]
    weights, copied = max_entropy_nash(payoff), max_entropy_nash(payoff[np.ix_(copies, copies)])
    np.testing.assert_allclose(copied[:4], weights[:4], atol=1e-6)
    np.testing.assert_allclose(copied[4:], weights[4] / 3, atol=1e-6)


def test_of_all_equilibria_the_one_of_largest_entropy_is_taken():
    np.testing.assert_allclose(max_entropy_nash(np.zeros((4, 4))), 0.25)
    payoff = np.zeros((4, 4))
    payoff[:3, :3] = RPS
    payoff[3, :3], payoff[:3, 3] = RPS[2], RPS[:, 2]  # a second scissors
    np.testing.assert_allclose(max_entropy_nash(payoff), [1 / 3, 1 / 3, 1 / 6, 1 / 6], atol=1e-7)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12), st.booleans())
def test_nobody_beats_the_mixture(seed, n, signs):
    payoff = np.random.default_rng(seed).normal(size=(n, n))
    payoff = np.sign(payoff - payoff.T) if signs else payoff - payoff.T
    weights = max_entropy_nash(payoff)
    assert weights.sum() == pytest.approx(1)
    assert (payoff @ weights).max() <= 1e-6 * max(1.0, np.abs(payoff).max())


def test_a_state_that_is_hardly_ever_left_has_all_the_mass() -> None:
    """Left with a probability that is no normal number, to which no weight can be divided."""
    for rare in (1e-200, 1e-300, 5e-324):
        rates = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [rare, rare, 0.0]])
        np.testing.assert_allclose(eliminate(rates), [0, 0, 1], atol=1e-12)
