from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from marl.arena import Arena, Moments, Pairings, tally

NUMBERS = st.floats(-100, 100, allow_nan=False)


def test_known_values():
    moments = Moments.of(np.array([[1.0], [2.0], [6.0]]))
    assert moments.count == 3 and moments.mean[0] == 3.0 and moments.variance[0] == 7.0
    assert moments.error[0] == (7 / 3) ** 0.5
    assert np.isinf(Moments.of(np.ones((1, 2))).error).all()


@given(arrays(np.float64, st.tuples(st.integers(0, 20), st.just(2)), elements=NUMBERS), st.integers(0, 20))
def test_merging_parts_is_the_moments_of_the_whole(values, at):
    parts = Moments.of(values[:at]).merge(Moments.of(values[at:]))
    whole = Moments.of(values)
    assert parts.count == whole.count
    np.testing.assert_allclose(parts.mean, whole.mean, atol=1e-9)
    np.testing.assert_allclose(parts.m2, whole.m2, atol=1e-6)


def test_tally_separates_the_pairings(game, shapes):
    results = Arena(shapes["turns"].make(4)).play(
        [game.Dice(), game.Counter()], Pairings.repeat([[0, 1], [1, 0]], 9, 1)
    )
    cells = tally(results)
    assert set(cells) == {(0, 1), (1, 0)}
    np.testing.assert_allclose(cells[1, 0].mean, results.returns[9:].mean(axis=0))
    assert cells[0, 1].count == 9
