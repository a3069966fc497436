"""Counter-based randomness."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from marl import rng

KEYS = hnp.arrays(np.uint64, st.integers(1, 20), elements=st.integers(0, 2**64 - 1))


def test_splitmix64_gives_its_published_numbers() -> None:
    """The first outputs of SplitMix64 from state 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64")."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    key = rng.as_keys(1234567) ^ rng._STREAM
    assert [rng.uniform(key, draw)[0] for draw in range(4)] == [(number >> 11) / 2**53 for number in published]


def test_numbers_never_change() -> None:
    """Replays and resumed runs depend on these."""
    assert rng.mix(1, 2, 3).tolist() == rng.mix(1, 2, 3).tolist()
    assert rng.mix(0).tolist() == [16294208416658607535]  # SplitMix64's first number from state 0


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=5))
def test_seeds_of_any_sign_and_size_are_keys(values: list[int]) -> None:
    assert rng.as_keys(values).tolist() == [value % 2**64 for value in values]


@given(KEYS, st.integers(0, 2**32), st.integers(0, 1000))
def test_a_key_does_not_depend_on_its_company(keys: np.ndarray, agent: int, tick: int) -> None:
    together = rng.mix(keys, agent, tick)
    assert together.tolist() == [rng.mix(int(key), agent, tick)[0] for key in keys]
    assert rng.extend(rng.mix(keys, agent), tick).tolist() == together.tolist()


def test_the_order_and_number_of_parts_matter() -> None:
    keys = {int(rng.mix(*parts)[0]) for parts in [(1, 2), (2, 1), (1, 2, 0), (0, 1, 2), (3,), (1,)]}
    assert len(keys) == 6


@given(KEYS, st.integers(0, 100))
def test_uniform_numbers_lie_in_the_unit_interval(keys: np.ndarray, draw: int) -> None:
    numbers = rng.uniform(keys, draw)
    assert ((numbers >= 0) & (numbers < 1)).all()


@given(KEYS, st.integers(1, 2**31), st.integers(0, 5))
def test_integers_lie_below_their_bound(keys: np.ndarray, high: int, draw: int) -> None:
    numbers = rng.integers(keys, high, draw)
    assert numbers.dtype == np.int64
    assert ((numbers >= 0) & (numbers < high)).all()


@given(st.data())
def test_only_what_has_weight_is_chosen(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 5))
    finite = st.one_of(st.just(0.0), st.floats(1e-300, 1e300))
    weights = data.draw(hnp.arrays(np.float64, (rows, columns), elements=finite))
    weights[:, data.draw(st.integers(0, columns - 1))] = 1.0  # no row of zeros
    keys = rng.mix(data.draw(st.integers(0, 2**64 - 1)), np.arange(rows))
    chosen = rng.choose(keys, weights)
    assert (weights[np.arange(rows), chosen] > 0).all()
    alone = [rng.choose(keys[row : row + 1], weights[row : row + 1])[0] for row in range(rows)]
    assert chosen.tolist() == alone


def test_choices_follow_their_weights() -> None:
    keys = rng.mix(7, np.arange(40_000))
    counts = np.bincount(rng.choose(keys, np.tile([1.0, 0.0, 3.0], (len(keys), 1))), minlength=3)
    np.testing.assert_allclose(counts / len(keys), [0.25, 0, 0.75], atol=0.01)  # about four standard errors


def test_normal_numbers_have_their_moments_and_draws_are_independent() -> None:
    keys = rng.mix(3, np.arange(40_000))
    numbers = np.stack([rng.normal(keys, draw) for draw in range(3)])
    np.testing.assert_allclose(numbers.mean(axis=1), 0, atol=0.025)
    np.testing.assert_allclose(np.cov(numbers), np.eye(3), atol=0.035)
