"""Counts over all matches and within one, and difference rewards: against plain loops."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl.errors import UserError
from marl.registry import REWARDS, load_registry
from marl.reward import LearningReward, Window
from marl.space import Box, Discrete, Tree
from marl_rewards.cells import Cells
from marl_rewards.counts import Counts


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 4)), min_size=2, max_size=40))
def test_cells_are_the_same_where_what_is_seen_rounds_to_the_same(rows: list[tuple[int, int, int]]) -> None:
    space = Tree({"at": Box((2,), -9, 9), "turn": Discrete(5)})
    numbers = np.array(rows)
    cells = Cells(space, 0.5)({"at": numbers[:, :2] * 0.5 + 0.1, "turn": numbers[:, 2]})
    for one, first in enumerate(rows):
        for other, second in enumerate(rows):
            assert (cells[one] == cells[other]) == (first == second)


def test_counts_are_those_of_all_updates_before(window: Window) -> None:
    reward = Counts(window.spec)
    assert isinstance(reward, LearningReward)
    seen = [tuple(row) for row in window.next_observation.tolist()]
    assert (reward(window)["rare"] == 1).all()
    told = reward.fit(reward.samples(window), 0)
    assert told == {"cells": len(set(seen))}
    count = Counter(seen)
    np.testing.assert_allclose(reward(window)["rare"], [1 / np.sqrt(count[row] + 1) for row in seen])
    reward.fit(reward.samples(window), 0)
    np.testing.assert_allclose(reward(window)["rare"], [1 / np.sqrt(2 * count[row] + 1) for row in seen])
    other = Counts(window.spec)
    other.load(reward.save())
    assert np.array_equal(other(window)["rare"], reward(window)["rare"])
    other.reset(0)
    assert (other(window)["rare"] == 1).all()


def test_episodic_counts_begin_anew_in_every_match_and_for_every_agent(pay: Any, window: Window) -> None:
    rows, new = window.rows, pay("episodic", resolution=2.0)["new"]
    visits: Counter[Any] = Counter()
    for row in np.argsort(rows.tick, kind="stable"):
        cell = tuple(np.rint(window.next_observation[row] / 2).tolist())
        key = (rows.match[row], rows.agent[row], cell)
        visits[key] += 1
        assert new[row] == pytest.approx(1 / np.sqrt(visits[key]))
    assert new.min() < 0.8


def test_difference_rewards_rank_an_agents_actions_as_the_team_s_do(pay: Any, window: Window) -> None:
    """What another action would have changed for the team, it would have changed for the agent."""
    rows, difference = window.rows, pay("difference", without="alone")["difference"]
    steps = rows.info["steps"].reshape(-1, 2, 2).sum(axis=2)[range(len(rows)), window.side]
    own = window.next_observation[:, 1]
    np.testing.assert_allclose(difference, np.sqrt(steps) - np.sqrt(steps - own), atol=1e-6)
    others = np.round(steps - own)
    for mate in np.unique(others):
        mine = others == mate
        team = rows.earned[range(len(rows)), window.side][mine]
        np.testing.assert_allclose(team - difference[mine], np.sqrt(mate), atol=1e-6)  # the rest is not its doing


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("counts", {"resolution": 0}, "resolution must be above 0"),
        ("difference", {"without": "aloe"}, "the environment has no column 'aloe'; did you mean 'alone'?"),
    ],
)
def test_what_makes_no_sense_is_refused(window: Window, name: str, params: Any, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        load_registry().make(REWARDS, f"rewards/{name}", params, spec=window.spec)
    assert sentence in str(told.value)
