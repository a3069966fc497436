"""Meta-solvers for any number of sides and general sum: textbook equilibria, and that nobody gains by leaving them."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.checked.metasolver import CheckedMetaSolver
from league.metasolvers import MetaSolver
from league.metasolvers.cce import CoarseCorrelated, deviations
from league.metasolvers.ce import Correlated, swaps
from league.metasolvers.correlated import Params as CorrelatedParams
from league.metasolvers.correlated import Params as Selection
from league.metasolvers.correlated import nearest_distribution
from league.metasolvers.logit import Logit
from league.metasolvers.logit import Params as LogitParams
from league.metasolvers.max_entropy_nash import MaxEntropyNash
from league.metasolvers.nash import Nash
from league.metasolvers.regret_matching import Params as RegretParams
from league.metasolvers.regret_matching import RegretMatching
from league.metasolvers.risk_averse import Params as RiskParams
from league.metasolvers.risk_averse import RiskAverse
from league.payoffs import Payoffs
from marl.errors import UserError
from marl.registry import Component, load_registry
from marl.types import Floats

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
BIASED = np.array([[0.0, -2, 1], [2, 0, -1], [-1, 1, 0]])  # Nash (1/4, 1/4, 1/2)
CHICKEN = np.array([[[6.0, 2.0], [7.0, 0.0]], [[6.0, 7.0], [2.0, 0.0]]])  # Aumann's (1974): swerve, dare
SEXES = np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 2.0]]])


def regret(tables: Floats, mixtures: list[Floats]) -> float:
    """What the best deviation of any side gains."""
    gains = []
    for side, table in enumerate(tables):
        earned = np.moveaxis(table, side, 0)
        for other in [mixture for n, mixture in enumerate(mixtures) if n != side][::-1]:
            earned = earned @ other
        gains.append(earned.max() - mixtures[side] @ earned)
    return max(gains)


def enumerated(tables: Floats) -> list[list[Floats]]:
    """All equilibria of a generic game of two sides, by its supports."""
    found = []
    rows, columns = tables[0].shape
    for size in range(1, min(rows, columns) + 1):
        for own, other in product(combinations(range(rows), size), combinations(range(columns), size)):
            x, y = np.zeros(rows), np.zeros(columns)
            for mixture, kept, table in ((y, (own, other), tables[0]), (x, (other, own), tables[1].T)):
                block = np.hstack([table[np.ix_(*kept)], -np.ones((size, 1))])
                system = np.vstack([block, np.append(np.ones(size), 0.0)])
                mixture[list(kept[1])] = np.linalg.solve(system, np.append(np.zeros(size), 1.0))[:-1]
            if x.min() >= 0 and y.min() >= 0 and regret(tables, [x, y]) < 1e-9:
                found.append([x, y])
    return found


@pytest.mark.parametrize(
    ("tables", "known"),
    [
        (SEXES, ([2 / 3, 1 / 3], [1 / 3, 2 / 3])),
        (CHICKEN, ([2 / 3, 1 / 3], [2 / 3, 1 / 3])),
        (np.array([[[5.0, 0], [10, 1]], [[5, 10], [0, 1]]]), ([0, 1], [0, 1])),  # the prisoners' dilemma
        (np.array([[[2.0, 0], [1.5, 1.5]], [[2, 1.5], [0, 1.5]]]), ([0, 1], [0, 1])),  # a stag hunt: the hare is safer
    ],
)
def test_nash_of_games_that_are_not_zero_sum(tables: Floats, known: tuple[list[float], list[float]]) -> None:
    for mixture, right in zip(Nash()(Payoffs.of(tables)), known, strict=True):
        np.testing.assert_allclose(mixture, right, atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4))
def test_nash_of_two_sides_is_one_of_those_that_enumeration_finds(seed: int, rows: int, columns: int) -> None:
    tables = np.random.default_rng(seed).normal(size=(2, rows, columns))
    found = np.concatenate(Nash()(Payoffs.of(tables)))
    assert min(np.abs(np.concatenate(one) - found).max() for one in enumerated(tables)) < 1e-7


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 3), min_size=3, max_size=4), st.booleans())
def test_nobody_gains_by_leaving_nash_with_more_sides(seed: int, sizes: list[int], whole: bool) -> None:
    tables = np.random.default_rng(seed).normal(size=(len(sizes), *sizes))
    tables = np.round(tables) if whole else tables  # with ties
    assert regret(tables, list(Nash()(Payoffs.of(tables)))) < 2e-3 * max(np.abs(tables).max(), 1e-9)


def test_one_population_has_one_equilibrium_mixture() -> None:
    """Where three share a prize that goes to whoever is alone, all take a side with 1/2; two want to be different."""
    alone = np.zeros((2, 2, 2))
    for own, one, two in product(range(2), repeat=3):
        alone[own, one, two] = float(own != one and own != two)
    for table, known in ((alone, [0.5, 0.5]), (CHICKEN[0], [2 / 3, 1 / 3])):
        mixtures = Nash()(Payoffs.of([table], symmetric=True))
        assert len(mixtures) == table.ndim
        np.testing.assert_allclose(mixtures, [known] * table.ndim, atol=1e-9)


def test_logit_equilibria_go_from_uniform_to_nash() -> None:
    tables = np.array([BIASED, -BIASED])
    at = lambda rationality: Logit(LogitParams(rationality))(Payoffs.of(tables))[0]  # noqa: E731
    np.testing.assert_allclose(at(0.0), 1 / 3)
    np.testing.assert_allclose(at(1000.0), [0.25, 0.25, 0.5], atol=5e-3)
    x, y = Logit(LogitParams(5.0))(Payoffs.of(tables))
    np.testing.assert_allclose(x, np.exp(2.5 * BIASED @ y) / np.exp(2.5 * BIASED @ y).sum(), atol=1e-9)


def test_the_logit_equilibrium_of_asymmetric_matching_pennies_is_the_known_one() -> None:
    """Ochs's (1995) game: the row player earns 9 for heads; at Nash the column player plays heads with 1/10 only."""
    tables = np.array([[[9.0, 0], [0, 1]], [[0, 1], [1, 0]]])
    row, column = Logit(LogitParams(1e4))(Payoffs.of(tables))
    np.testing.assert_allclose([row[0], column[0]], [0.5, 0.1], atol=2e-3)
    row, column = Logit(LogitParams(9.0))(Payoffs.of(tables))  # boundedly rational, the row player overplays heads
    assert row[0] > 0.6 and 0.1 < column[0] < 0.5
    assert np.log(row[0] / row[1]) == pytest.approx(9 * column[0] - column[1], abs=1e-6)


@pytest.mark.parametrize("plus", [True, False])
def test_regret_matching_averages_to_the_equilibrium(plus: bool) -> None:
    solver = RegretMatching(RegretParams(iterations=4000, plus=plus))
    for mixture in solver(Payoffs.of([BIASED, -BIASED])):
        np.testing.assert_allclose(mixture, [0.25, 0.25, 0.5], atol=0.02)
    own = np.stack([np.zeros((2, 2)), np.ones((2, 2))])  # whoever plays 1 gets 1 more whatever the others do
    for mixture in solver(Payoffs.of([np.moveaxis(own, 0, side) for side in range(3)])):
        assert mixture[1] > 0.99


def test_risk_aversion_prefers_the_hare() -> None:
    """Whoever hunts a stag earns 5 or nothing; a hare is 2 for certain. The mean of even odds is 2.5."""
    hunt = np.array([[[5.0, 0.0], [2.0, 2.0]], [[5.0, 2.0], [0.0, 2.0]]])
    bold = RiskAverse(RiskParams(aversion=0.0))(Payoffs.of(hunt))
    wary = RiskAverse(RiskParams(aversion=0.5))(Payoffs.of(hunt))
    assert all(mixture[0] > 0.95 for mixture in bold)
    assert all(mixture[1] > 0.95 for mixture in wary)


@pytest.mark.parametrize("joint", [True, False])
def test_in_a_stag_hunt_the_risk_averse_take_the_risk_dominant_equilibrium(joint: bool) -> None:
    """Stags are worth 4 to both, a hare 3 for certain: leaving it costs 3, leaving the stag 1, so it dominates by risk.

    Selecting by welfare Nash is the stag. Where one population plays both sides, the same.
    """
    hunt = np.array([[[4.0, 0.0], [3.0, 3.0]], [[4.0, 3.0], [0.0, 3.0]]])
    payoffs = Payoffs.of(hunt) if joint else Payoffs.of(hunt[:1], symmetric=True)
    paying = Correlated(CorrelatedParams(select="welfare"))(payoffs)
    assert paying.weights[0, 0] == pytest.approx(1.0)
    for mixture in RiskAverse(RiskParams(aversion=0.5))(payoffs):
        assert mixture[1] > 0.95


def test_matches_that_vary_are_a_risk_too() -> None:
    """Both players earn 1 on average whatever happens, the second one with a variance of 1."""
    count = np.full((2, 1), 101.0)
    m2 = np.zeros((2, 2, 1))
    m2[0, 1, 0] = 100.0
    first = (np.arange(2), np.arange(1))
    mixture, _ = RiskAverse()(Payoffs(np.ones((2, 2, 1)), count, m2, first))
    assert mixture[0] > 0.95
    with pytest.raises(UserError, match="two matches of each at least"):
        RiskAverse()(Payoffs(np.ones((2, 2, 1)), np.ones((2, 1)), m2, first))


def test_risk_aversion_changes_nothing_where_all_is_symmetric() -> None:
    for mixture in RiskAverse(RiskParams(aversion=2.0))(Payoffs.of([RPS], symmetric=True)):
        np.testing.assert_allclose(mixture, 1 / 3, atol=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_copies_share_one_weight_under_max_entropy_and_change_nothing(seed: int, n: int, m: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, m))
    table = np.round(table) if whole else table
    again = np.append(np.arange(n), rng.integers(0, n, size=2))
    rows, columns = MaxEntropyNash()(Payoffs.of([table, -table]))
    copied, same = MaxEntropyNash()(Payoffs.of([table[again], -table[again]]))
    assert regret(np.array([table, -table]), [rows, columns]) < 1e-5 * max(np.abs(table).max(), 1.0)
    np.testing.assert_allclose(same, columns, atol=1e-5)
    np.testing.assert_allclose(copied[n:], copied[again[n:]], atol=1e-5)


def test_max_entropy_leaves_nobody_out() -> None:
    """A linear program may take either of two rows that are as good; both columns beat the third row."""
    table = np.array([[1.0, -1, 0], [-1, 1, 0], [-1, -1, -1]])
    rows, columns = MaxEntropyNash()(Payoffs.of([table, -table]))
    np.testing.assert_allclose(rows, [0.5, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(columns, 1 / 3, atol=1e-6)
    with pytest.raises(UserError, match="for two sides, and there are 3"):
        MaxEntropyNash()(Payoffs.of([np.zeros((1, 1, 1))] * 3))
    with pytest.raises(UserError, match="for zero-sum games"):
        MaxEntropyNash()(Payoffs.of(SEXES))


def test_chicken_has_its_known_correlated_equilibria() -> None:
    """Of largest welfare: 1/2, 1/4, 1/4, never both dare. Of largest impurity, by Lagrange: 9, 10, 10, 5 of 34."""
    for solver in (Correlated, CoarseCorrelated):
        joint = solver()(Payoffs.of(CHICKEN))
        np.testing.assert_allclose(joint.weights, [[0.5, 0.25], [0.25, 0]], atol=1e-7)
        joint = solver(Selection("gini"))(Payoffs.of(CHICKEN))
        np.testing.assert_allclose(joint.weights, np.array([[9, 10], [10, 5]]) / 34, atol=1e-9)


def test_a_coarse_equilibrium_may_hold_who_is_told_too_little_to_leave() -> None:
    """Moulin and Vial's (1978): all weight off the diagonal of a game whose only correlated equilibrium is uniform."""
    table = np.array([[0.0, 1, 2], [2, 0, 1], [1, 2, 0]])
    payoffs = Payoffs.of([table, table.T])
    np.testing.assert_allclose(Correlated(Selection("gini"))(payoffs).weights, 1 / 9, atol=1e-9)
    coarse = CoarseCorrelated()(payoffs).weights
    assert np.trace(coarse) == pytest.approx(0, abs=1e-7)
    assert float((coarse * (table + table.T)).sum()) == pytest.approx(3)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=2, max_size=3), st.sampled_from(["welfare", "gini"]))
def test_nobody_gains_by_leaving_a_correlated_equilibrium(seed: int, sizes: list[int], select: str) -> None:
    tables = np.random.default_rng(seed).normal(size=(len(sizes), *sizes))
    scale = np.abs(tables).max()
    weights = Correlated(Selection(select))(Payoffs.of(tables)).weights  # type: ignore[arg-type]
    assert weights.sum() == pytest.approx(1) and weights.min() >= 0
    assert (swaps(list(tables)) @ weights.ravel()).max() < 1e-6 * scale
    assert (deviations(tables) @ weights.ravel()).max() < 1e-6 * scale  # every correlated one is a coarse one


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 3), min_size=2, max_size=3))
def test_nothing_is_more_impure_than_the_gini_equilibrium(seed: int, sizes: list[int]) -> None:
    """For a convex problem it is enough that no way towards another equilibrium leads to less: x @ (y - x) >= 0."""
    tables = np.random.default_rng(seed).normal(size=(len(sizes), *sizes))
    for solver in (Correlated, CoarseCorrelated):
        best = solver(Selection("gini"))(Payoffs.of(tables)).weights.ravel()
        for other in (solver()(Payoffs.of(tables)), solver()(Payoffs.of(-tables + 2 * tables))):
            assert best @ (other.weights.ravel() - best) > -1e-7


def test_the_nearest_distribution_is_nearest() -> None:
    np.testing.assert_allclose(nearest_distribution(np.array([0.2, 0.3, 0.5])), [0.2, 0.3, 0.5])
    np.testing.assert_allclose(nearest_distribution(np.array([5.0, 4.5, -9])), [0.75, 0.25, 0])


ALL = [
    "nash",
    "max_entropy_nash",
    "ce",
    "cce",
    "logit",
    "uniform",
    "prd",
    "regret_matching",
    "risk_averse",
    "alpharank",
]


@pytest.mark.parametrize("name", ALL)
def test_every_meta_solver_is_found_by_name_and_solves_rock_paper_scissors(name: str) -> None:
    solver: MetaSolver = CheckedMetaSolver(Component(f"league/{name}"), load_registry())  # type: ignore[assignment]
    for payoffs in (Payoffs.of([RPS, -RPS]), Payoffs.of([RPS], symmetric=True)):
        found = solver(payoffs)
        mixtures = found if isinstance(found, list) else found.marginals  # type: ignore[union-attr]
        for mixture in mixtures:
            np.testing.assert_allclose(mixture, 1 / 3, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("logit", {"rationality": -1}, "rationality must be at least 0"),
        ("ce", {"select": "best"}, "select"),
        ("regret_matching", {"iterations": 0}, "iterations must be at least 1"),
        ("risk_averse", {"aversion": -1.0}, "aversion must be at least 0"),
    ],
)
def test_wrong_parameters_are_told(name: str, params: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        CheckedMetaSolver(Component(f"league/{name}", params), load_registry())  # type: ignore[arg-type]
