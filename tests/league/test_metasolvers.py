"""Meta-solvers: known equilibria, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.metasolvers.nash import Nash
from league.metasolvers.prd import ProjectedReplicator
from league.metasolvers.replicator import averaged, earnings
from league.metasolvers.uniform import Uniform
from league.payoffs import Payoffs
from marl.types import Floats

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
BIASED = np.array([[0.0, -2, 1], [2, 0, -1], [-1, 1, 0]])  # Nash (1/4, 1/4, 1/2)


def test_nash_of_rock_paper_scissors_is_uniform() -> None:
    for mixture in Nash()(Payoffs.of([RPS, -RPS])):
        np.testing.assert_allclose(mixture, 1 / 3)


def test_nash_of_a_biased_game_is_the_known_mixture() -> None:
    table = np.array([[2.0, -1.0], [-1.0, 1.0]])  # value 1/5 at (2/5, 3/5) for both
    rows, columns = Nash()(Payoffs.of([table, -table]))
    np.testing.assert_allclose(rows, [0.4, 0.6])
    np.testing.assert_allclose(columns, [0.4, 0.6])
    assert rows @ table @ columns == pytest.approx(0.2)


def test_nash_of_a_constant_table_is_uniform() -> None:
    rows, columns = Nash()(Payoffs.of([np.zeros((2, 3)), np.zeros((2, 3))]))
    assert rows.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(columns, 1 / 3)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.floats(1e-3, 1e4))
def test_nobody_gains_by_leaving_a_nash_equilibrium(seed: int, rows: int, columns: int, scale: float) -> None:
    table = np.random.default_rng(seed).normal(size=(rows, columns)) * scale
    row, column = Nash()(Payoffs.of([table, -table]))
    assert row.sum() == pytest.approx(1)
    assert column.sum() == pytest.approx(1)
    gap = (table @ column).max() - (row @ table).min()
    assert 0 <= gap + 1e-9 * scale <= 1e-5 * scale


def test_uniform_weighs_everyone_alike() -> None:
    mixtures = Uniform()(Payoffs.of([np.zeros((2, 4)), np.zeros((2, 4))]))
    assert [mixture.tolist() for mixture in mixtures] == [[0.5] * 2, [0.25] * 4]


def test_replicator_dynamics_average_to_the_equilibrium_of_rock_paper_scissors() -> None:
    for mixture in ProjectedReplicator()(Payoffs.of([BIASED, -BIASED])):
        np.testing.assert_allclose(mixture, [0.25, 0.25, 0.5], atol=0.002)


def test_replicator_dynamics_find_the_dominant_action_of_a_dilemma() -> None:
    row = np.array([[3.0, 0], [5, 1]])
    for mixture in ProjectedReplicator()(Payoffs.of([row, row.T])):
        assert mixture[1] > 0.95


def test_fitness_sums_out_all_other_sides() -> None:
    tables = np.array([np.arange(24.0).reshape(2, 3, 4)] * 3)
    earned = np.zeros(9)
    earnings(tables)(np.array([0.5, 0.5, 1, 0, 0, 0, 0, 0, 1.0]), earned)
    assert earned.tolist() == [3, 15, 9, 13, 17, 6, 7, 8, 9]


def test_replicator_dynamics_of_three_sides_find_what_dominates() -> None:
    """Whoever plays 1 gets 1 more whatever the others do."""
    own = np.stack([np.zeros((2, 2)), np.ones((2, 2))])
    for mixture in ProjectedReplicator()(Payoffs.of([np.moveaxis(own, 0, side) for side in range(3)])):
        assert mixture[1] > 0.98


def test_few_long_steps_follow_the_dynamics_as_many_short_ones_do() -> None:
    """Also where Euler's steps of a tenth of that length spiral outwards, so that its answer is 0.004 off."""
    game = earnings(np.array([BIASED, -BIASED]) / 2)
    long, short = averaged(game, (3, 3), 800, 0.625, 1e-6), averaged(game, (3, 3), 5_000, 0.1, 1e-6)
    np.testing.assert_allclose(long, short, atol=1.5e-3)


def test_dynamics_keep_what_they_keep_in_theory() -> None:
    """In a zero-sum game the mean of the logarithms of weights, as the equilibrium weighs them, stays as it was."""
    kept = []

    def watched(mixtures: Floats, out: Floats) -> None:
        kept.append(np.log(mixtures) @ np.tile([0.25, 0.25, 0.5], 2))
        earnings(np.array([BIASED, -BIASED]) / 2)(mixtures, out)

    averaged(watched, (3, 3), 200, 0.25, 0.0)
    assert np.ptp(kept) < 0.02 * abs(kept[0])


def test_nobody_dies_out_under_projected_dynamics() -> None:
    beaten = np.array([[0.0, 1], [-1, 0]])
    rows, columns = averaged(earnings(np.array([beaten, -beaten])), (2, 2), 2000, 0.5, 0.1)
    assert 0.04 < rows[1] < 0.07 and 0.04 < columns[1] < 0.07
