"""Columns: what a learner is fed, plain numpy arrays by name. They travel between processes; episodes never do.

| column | shape | |
|---|---|---|
| `observation` | tree of `[K, ...]` | |
| `mask` | `bool[K, W]` | only where the environment gives masks |
| `action` | `[K, ...]` | |
| `logp`, `value` | `float32[K]` | of the policy that played, when it played |
| `version` | `int64[K]` | how many updates are behind the weights that played |
| `advantage`, `target` | `float32[K]` | see `marl.training.advantages` |

Modules with memory get sequences: the same columns as `[S, T, ...]`, and `valid` `bool[S, T]` (False on padding),
`first` `bool[S, T]` (memory is cleared there) and `memory` `[S, M]` (at the start of each sequence).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from marl import tree
from marl.arena import Trajectory
from marl.training.advantages import Advantages
from marl.training.sequences import sequences
from marl.types import ArrayTree, Ints

Columns: TypeAlias = dict[str, ArrayTree]


def module_columns(
    window: Trajectory,
    seen: ArrayTree,
    estimates: Advantages,
    modules: Sequence[str],
    memories: Mapping[str, int],
    length: int,
    apart: bool = False,
) -> dict[str, Columns]:
    """A window's rows as columns, one set for each module that has rows.

    `seen`: what the networks saw of each row, a tree of `[K, ...]`. `modules`: the module id of each agent of the
    environment. `memories`: the size of each module's memory. `length`: the longest sequence, for those that have one;
    `apart`: whether a sequence ends where weights changed.
    """
    by_module, everything = rows_by_module(window, modules), _columns(window, seen, estimates)
    if len(by_module) == 1 and window.memory is None:
        return dict.fromkeys(by_module, everything)
    result = {}
    for name, rows in by_module.items():
        if not memories[name]:
            result[name] = {key: tree.take(column, rows) for key, column in everything.items()}
        else:
            result[name] = _sequence_columns(window, everything, rows, memories[name], length, apart)
    return result


def rows_by_module(window: Trajectory, modules: Sequence[str]) -> dict[str, Ints]:
    """The rows `int64[k]` of each module that has some. `modules`: the module id of each agent of the environment."""
    names = sorted({modules[agent] for agent in np.unique(window.agent).tolist()})
    number = np.array([names.index(name) if name in names else -1 for name in modules])[window.agent]
    return {name: np.flatnonzero(number == index) for index, name in enumerate(names)}


def join(parts: Sequence[Mapping[str, Columns]]) -> dict[str, Columns]:
    """The columns of several windows (or groups, or samplers) together, by module."""
    names = sorted({name for part in parts for name in part})
    result = {}
    for name in names:
        present = [part[name] for part in parts if name in part]
        result[name] = {key: tree.concatenate([part[key] for part in present]) for key in present[0]}
    return result


def rows_of(columns: Columns) -> int:
    """How many rows (or, with memory, sequences; of a team, episodes) there are."""
    return len(next(leaf for _, leaf in tree.leaves(columns)))


def _columns(window: Trajectory, seen: ArrayTree, estimates: Advantages) -> Columns:
    columns: Columns = {"observation": seen, "action": window.action, "version": window.version}
    if window.mask is not None:
        columns["mask"] = window.mask
    numbers = {"logp": window.logp, "value": window.value, **estimates._asdict()}
    return columns | {name: number.astype(np.float32) for name, number in numbers.items()}


def _sequence_columns(
    window: Trajectory, everything: Columns, rows: Ints, memory: int, length: int, apart: bool
) -> Columns:
    cut = sequences(window, rows, length, apart)
    columns = {name: cut.lay(column) for name, column in everything.items()}
    return columns | {
        "valid": cut.valid,
        "first": cut.lay(window.first) & cut.valid,
        "memory": cut.starts(window.memory)[:, :memory],
    }
