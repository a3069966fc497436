"""Advantages over each agent's own turns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl.arena import Trajectory
from marl.errors import RunError
from marl.training.experience.on_policy import generalised_advantages

Make = Callable[..., Trajectory]


def random_window(make: Make, seed: int, chains: int, ticks: int) -> tuple[Trajectory, Any]:
    """Agents that act at some ticks, whose parts end now and then, and the values of what follows the window."""
    rng = np.random.default_rng(seed)
    clock, agent = np.nonzero(rng.random((ticks, chains)) < 0.6)
    count = len(clock)
    next_row, last_row = np.full(count, -1), np.full(count, -1)
    terminated, truncated = np.zeros(count, bool), np.zeros(count, bool)
    ends, lasts = rng.random(count) < 0.15, 0
    for row in range(count):
        later = np.flatnonzero((agent == agent[row]) & (clock > clock[row]))
        if len(later) and not ends[row]:
            next_row[row] = later[0]
            continue
        if ends[row]:
            (terminated if rng.random() < 0.5 else truncated)[row] = True
        last_row[row], lasts = lasts, lasts + 1
    window = make(
        clock=clock, agent=agent, next_row=next_row, last_row=last_row, terminated=terminated, truncated=truncated,
        reward=rng.normal(size=count), value=rng.normal(size=count),
    )  # fmt: skip
    return window, rng.normal(size=lasts)


def reference(window: Trajectory, last_value: Any, discount: float, trace: float) -> list[float]:
    """The definition, row by row: the discounted sum of the temporal differences that follow."""

    def difference(row: int) -> float:
        if window.terminated[row]:
            after = 0.0
        elif window.next_row[row] >= 0:
            after = window.value[window.next_row[row]]
        else:
            after = last_value[window.last_row[row]]
        return float(window.reward[row] + discount * after - window.value[row])

    result = []
    for start in range(len(window)):
        row, weight, total = start, 1.0, 0.0
        while row >= 0:
            total += weight * difference(row)
            weight *= discount * trace
            row = int(window.next_row[row])
        result.append(total)
    return result


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), chains=st.integers(1, 5), ticks=st.integers(1, 12),
    discount=st.floats(0, 1), trace=st.floats(0, 1),
)  # fmt: skip
def test_agrees_with_the_definition(seed: int, chains: int, ticks: int, discount: float, trace: float) -> None:
    window, last_value = random_window(MAKE[0], seed, chains, ticks)
    result = generalised_advantages(window, last_value, discount, trace)
    np.testing.assert_allclose(result.advantage, reference(window, last_value, discount, trace), atol=1e-12)
    np.testing.assert_allclose(result.target, result.advantage + window.value, atol=1e-12)


def test_a_known_chain(window: Make) -> None:
    rows = window(
        clock=np.array([0, 5]), next_row=np.array([1, -1]), last_row=np.array([-1, 0]),
        reward=np.array([1.0, 2.0]), value=np.array([10.0, 20.0]),
    )  # fmt: skip
    result = generalised_advantages(rows, np.array([40.0]), 0.5, 0.5)
    # the discount is per own turn: five ticks count as one
    np.testing.assert_allclose(result.advantage, [1 + 10 - 10 + 0.25 * 2, 2 + 20 - 20])


def test_an_end_by_the_rules_has_no_value_after_it_and_a_cut_has(window: Make) -> None:
    rows = window(
        clock=np.zeros(2, dtype=int), last_row=np.array([0, 1]), terminated=np.array([True, False]),
        truncated=np.array([False, True]), reward=np.ones(2),
    )  # fmt: skip
    np.testing.assert_allclose(generalised_advantages(rows, np.array([8.0, 8.0]), 0.5, 1.0).advantage, [1, 5])


def test_rows_without_values_are_refused(window: Make) -> None:
    rows = window(clock=np.zeros(1, dtype=int), value=np.array([np.nan]), last_row=np.zeros(1, dtype=int))
    with pytest.raises(ValueError, match="no value estimates"):
        generalised_advantages(rows, np.zeros(1), 0.99, 0.95)


def test_its_work_in_python_grows_with_ticks_and_not_with_lanes(window: Make) -> None:
    assert _calls(window, lanes=64, ticks=64) == _calls(window, lanes=1024, ticks=64) < 64 * 20


def _calls(window: Make, lanes: int, ticks: int) -> int:
    """How many functions are called for so many rows."""
    row = np.arange(lanes * ticks)
    following = np.where(row + lanes < len(row), row + lanes, -1)
    rows = window(clock=row // lanes, next_row=following, last_row=np.where(following < 0, row % lanes, -1))
    seen = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        generalised_advantages(rows, np.zeros(lanes), 0.99, 0.95)
    finally:
        sys.setprofile(None)
    return seen


MAKE: list[Make] = []


@pytest.fixture(autouse=True)
def _make(window: Make) -> None:
    MAKE[:] = [window]  # hypothesis runs many examples in one test: it takes no function-scoped fixture


def test_an_agent_that_was_cut_short_without_a_last_observation_is_reported(window: Make) -> None:
    cut = window(clock=np.arange(2), last_row=np.array([0, -1]), truncated=np.array([False, True]))
    with pytest.raises(RunError, match="no last observation"):
        generalised_advantages(cut, np.array([3.0]), 0.9, 0.9)
