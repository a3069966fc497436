"""Sequences for modules with memory, and columns by module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from marl.arena import Trajectory
from marl.training.experience import join
from marl.training.experience.on_policy import Advantages, module_columns
from marl.training.sequences import sequences

Make = Callable[..., Trajectory]


def two_agents(window: Make, ticks: int, **columns: Any) -> Trajectory:
    """Agents 0 and 1 in lane 0 and agent 0 in lane 1 act at every tick; row numbers stand in the observation."""
    clock = np.repeat(np.arange(ticks), 3)
    count = len(clock)
    return window(
        clock=clock, lane=np.tile([0, 0, 1], ticks), agent=np.tile([0, 1, 0], ticks),
        observation=np.arange(count, dtype=np.float32)[:, None], first=clock % 4 == 0, **columns,
    )  # fmt: skip


def test_cuts_each_agents_turns_and_pads_only_ends(window: Make) -> None:
    rows = two_agents(window, 5)
    cut = sequences(rows, np.arange(len(rows)), 3)
    assert cut.index[cut.valid].tolist() == [0, 3, 6, 9, 12, 1, 4, 7, 10, 13, 2, 5, 8, 11, 14]
    assert cut.valid.sum(axis=1).tolist() == [3, 2, 3, 2, 3, 2]
    assert (cut.index[1] == [9, 12, 9]).all()  # padding repeats the first row, whose mask is lawful


def test_every_row_is_in_exactly_one_place(window: Make) -> None:
    rows = two_agents(window, 17)
    for length in (1, 4, 16, 40):
        cut = sequences(rows, np.arange(len(rows)), length)
        assert sorted(cut.index[cut.valid].tolist()) == list(range(len(rows)))


def test_memory_is_taken_where_a_sequence_starts(window: Make) -> None:
    rows = two_agents(window, 5, memory=np.arange(15, dtype=np.float32)[:, None])
    columns = module_columns(rows, rows.observation, Advantages(np.zeros(15), np.zeros(15)), ["m", "m"], {"m": 1}, 3)[
        "m"
    ]
    assert columns["memory"][:, 0].tolist() == [0, 9, 1, 10, 2, 11]
    assert columns["observation"].shape == (6, 3, 1)
    assert columns["first"][0].tolist() == [True, False, False]


def test_each_module_remembers_as_much_as_it_can(window: Make) -> None:
    rows = two_agents(window, 5, memory=np.arange(30, dtype=np.float32).reshape(15, 2))
    nothing = Advantages(np.zeros(15), np.zeros(15))
    columns = module_columns(rows, rows.observation, nothing, ["a", "b"], {"a": 1, "b": 0}, 3)
    assert columns["a"]["memory"].shape == (4, 1) and columns["a"]["logp"].shape == (4, 3)
    assert "memory" not in columns["b"] and columns["b"]["logp"].shape == (5,)


def test_no_rows_are_no_sequences(window: Make) -> None:
    rows = two_agents(window, 2)
    assert sequences(rows, np.zeros(0, dtype=np.int64), 4).index.shape == (0, 4)


def test_each_module_gets_its_agents_rows(window: Make) -> None:
    rows = two_agents(window, 4)
    columns = module_columns(
        rows, rows.observation, Advantages(np.arange(12.0), np.zeros(12)), ["a", "b"], {"a": 0, "b": 0}, 3
    )
    assert columns["b"]["observation"][:, 0].tolist() == [1, 4, 7, 10]
    assert columns["b"]["advantage"].tolist() == [1, 4, 7, 10]
    assert len(columns["a"]["logp"]) == 8
    both = join([columns, {"b": columns["b"]}])
    assert len(both["b"]["logp"]) == 8 and len(both["a"]["logp"]) == 8
