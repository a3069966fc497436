"""Mixtures are kept by their support, and read as the sequences they are."""

from __future__ import annotations

import json
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from league.iteration import Iteration
from league.weights import Sparse

NUMBERS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.25, 1.0, 1e-300]), max_size=30)


@given(NUMBERS, st.integers(-31, 31), st.integers(-31, 31))
def test_it_reads_as_the_sequence_that_it_is(numbers, start, stop):
    sparse = Sparse(numbers)
    assert list(sparse) == numbers and len(sparse) == len(numbers) and sparse == tuple(numbers)
    assert sparse[start:stop] == tuple(numbers[start:stop])
    assert np.array_equal(np.asarray(sparse), np.array(numbers)) and np.asarray(sparse, dtype=np.float32).dtype == "f4"
    assert Sparse(sparse) == sparse and hash(Sparse(sparse)) == hash(sparse)
    assert json.loads(json.dumps(list(sparse))) == numbers
    if numbers:
        assert sparse[-1] == numbers[-1]
    assert sparse != [*numbers, 0.0]


def test_an_iteration_takes_its_support():
    few = Iteration(3, ((0.0,) * 9_999 + (1.0,),), {}, (0.0,), 1.0)
    (mixture,) = few.mixtures
    assert mixture == (0.0,) * 9_999 + (1.0,)
    assert sum(sys.getsizeof(getattr(mixture, name)) for name in Sparse.__slots__) < 500
