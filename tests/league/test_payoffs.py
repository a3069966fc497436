"""Payoffs: sums that merge, intervals that hold, players that are the same."""

from __future__ import annotations

import numpy as np
import pytest

from league.payoffs import Payoffs
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.table import Table
from league.player import Player


def joined(table: Table, *players: tuple[int, str]) -> None:
    """Players with ids 1, 2, ...: (side, snapshot)."""
    for id, (side, snapshot) in enumerate(players, 1):
        table.join(id, Player(f"{side}/{id}", (side,), snapshot, 0))


def test_the_table_grows_and_merges_seed_ranges() -> None:
    table = Table(2)
    joined(table, *((number % 2, f"snapshot {number}") for number in range(12)))
    assert table.missing().all()
    first, second = np.array([1.0, 2.0, 6.0]), np.array([4.0, 0.0])
    for start, part in ((0, first), (3, second)):
        squares = ((part - part.mean()) ** 2).sum()
        table.add([PayoffRow((1, 2), start, len(part), (part.mean(), -part.mean()), (squares, squares))])
    every = np.concatenate([first, second])
    payoffs = table.payoffs
    assert payoffs[0][0, 0] == pytest.approx(every.mean())
    assert payoffs[1][0, 0] == pytest.approx(-every.mean())
    assert payoffs.count[0, 0] == 5
    np.testing.assert_allclose(payoffs.variance[:, 0, 0], every.var(ddof=1))
    assert payoffs.margin[0, 0, 0] == pytest.approx(1.96 * every.std(ddof=1) / np.sqrt(5), rel=1e-4)
    table.add([PayoffRow((1, 2), 0, EXACT, (1.5, -1.5), (0, 0)), PayoffRow((11, 12), 0, EXACT, (3.0, -3.0), (0, 0))])
    payoffs = table.payoffs
    assert payoffs[0][0, 0] == 1.5
    assert payoffs.count[0, 0] == float("inf")
    assert payoffs.margin[0, 0, 0] == 0
    assert payoffs[0][5, 5] == 3.0
    assert table.missing().sum() == 34


def test_players_with_the_same_snapshot_share_what_was_played() -> None:
    table = Table(2)
    joined(table, (0, "a"), (1, "x"), (0, "b"), (0, "a"), (1, "x"))
    assert [[id for id, _ in side] for side in table.members] == [[1, 3], [2]]
    assert table.missing().shape == (2, 1)
    table.add([PayoffRow((1, 2), 0, 10, (1.0, -1.0), (9.0, 9.0)), PayoffRow((3, 2), 0, 10, (2.0, -2.0), (9.0, 9.0))])
    payoffs = table.payoffs
    assert payoffs[0].tolist() == [[1, 1], [2, 2], [1, 1]]
    assert [first.tolist() for first in payoffs.first] == [[0, 1, 0], [0, 0]]
    assert payoffs.distinct()[0].tolist() == [[1], [2]]
    assert [mixture.tolist() for mixture in payoffs.spread([[0.25, 0.75], [1.0]])] == [[0.25, 0.75, 0], [1, 0]]
    assert [mixture.tolist() for mixture in payoffs.merged([[0.5, 0.25, 0.25], [0.5, 0.5]])] == [
        [0.75, 0.25, 0],
        [1, 0],
    ]
    assert not table.missing().any()


def test_only_what_is_asked_for_is_missing() -> None:
    table = Table(2)
    joined(table, (0, "a"), (1, "x"), (0, "b"), (1, "y"), (0, "b"))
    asked = np.zeros((3, 2), dtype=bool)
    asked[2, 1] = True  # the second b is the first one
    assert table.missing(asked).tolist() == [[False, False], [False, True]]


def test_the_margin_of_a_mixture_counts_players_that_are_the_same_once() -> None:
    """Four cells of variance 4 and 16 matches each, equal weights: the error of the mean is 2 / 4 / sqrt(4)."""
    count, m2 = np.full((2, 2), 16.0), np.full((1, 2, 2), 4.0 * 15)
    different = Payoffs(np.zeros((1, 2, 2)), count, m2, (np.arange(2), np.arange(2)))
    same = Payoffs(np.zeros((1, 2, 2)), count, m2, (np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)))
    halves = [[0.5, 0.5], [0.5, 0.5]]
    assert different.expected(halves)[1] == pytest.approx(1.96 * 0.25, rel=1e-4)
    assert same.expected(halves)[1] == pytest.approx(1.96 * 0.5, rel=1e-4)


def test_what_has_no_weight_is_not_read_and_what_is_unknown_is_no_number() -> None:
    payoffs = Payoffs.of([np.array([[1.0, np.nan]])], np.array([[1.0, 0.0]]))
    means, margins = payoffs.expected([[1.0], [1.0, 0.0]])
    assert means.tolist() == [1.0]
    assert margins.tolist() == [np.inf]  # one match says nothing of the spread
    assert np.isnan(payoffs.expected([[1.0], [0.5, 0.5]])).all()


def test_three_sides_and_exact_payoffs_have_no_margin() -> None:
    payoffs = Payoffs.of(np.arange(24.0).reshape(3, 2, 2, 2))
    means, margins = payoffs.expected([[0.5, 0.5]] * 3)
    assert means.tolist() == [3.5, 11.5, 19.5]
    assert margins.tolist() == [0, 0, 0]
