"""Stored tables of several agents."""

from __future__ import annotations

import numpy as np

from marl import tabular
from marl.env import Rows
from marl.exact import Decisions
from marl.tabular import Tabular


def rows_of(agent: list[int], observation: list[float]) -> Rows:
    count = len(agent)
    seen = np.array(observation)[:, None]
    return Rows(np.arange(count), np.array(agent), seen, np.ones((count, 2), np.bool_), np.ones(count, np.bool_))


def test_agents_who_see_the_same_play_by_their_own_rows() -> None:
    """An agent without a row plays uniformly, though another one has a row for what it sees."""
    one = Decisions(
        np.zeros(1, np.int64), np.ones(1, np.int64), np.array([2]), np.array([-1, 0, 1]), np.zeros((1, 1)),
        np.ones((1, 2), np.bool_), ("start",),
    )  # fmt: skip
    left, right = np.array([[1.0, 0.0]]), np.array([[0.25, 0.75]])
    stored = tabular.snapshot_of_agents({0: (one, left), 2: (one, right)})
    arrays = stored.arrays
    policy = Tabular(arrays["keys"], arrays["probabilities"], arrays["agent"])
    played = policy.probabilities(rows_of([2, 0, 1], [0.0, 0.0, 0.0]))
    assert played.tolist() == [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]]


def test_a_table_without_agents_is_everybodys() -> None:
    keys = tabular.observation_keys(np.zeros((1, 1)))
    policy = Tabular(keys, np.array([[1.0, 0.0]]))
    assert policy.probabilities(rows_of([0, 1], [0.0, 0.0])).tolist() == [[1.0, 0.0], [1.0, 0.0]]
