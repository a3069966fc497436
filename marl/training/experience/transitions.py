"""Transitions: single own turns and what followed them, of what was just gathered, each once, in minibatches.

It is for what learns from a dataset: nothing is kept, for it can be read again. The columns are those of a replay of
single turns (see `marl.training.experience.replay`), all of the same `weight`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.errors import UserError
from marl.training.experience import Columns, Cut, Draw, join, rows_by_module, rows_of, unseen_end
from marl.training.hyper import RecordedHyper
from marl.training.networks import NetworkPolicy
from marl.types import Array, ArrayTree, Bools, Ints

_PLACE = ("first", "slot", "next_row", "terminated", "truncated")  # columns that only say what follows what


class Transitions:
    """See `Experience`. A draw is everything, shuffled, in minibatches of about as many rows as asked for."""

    keeps: ClassVar[bool] = False
    record: ClassVar[Record] = Record()

    def __init__(self, hyper: RecordedHyper) -> None:
        self._hyper = hyper
        self._columns: dict[str, Columns] = {}

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Transitions of one own turn. Raises UserError for modules with a memory."""
        result = {}
        for name, rows in by_module(windows, live, modules, "an algorithm that learns from single turns").items():
            columns = {key: column for key, column in rows.items() if key not in _PLACE}
            discount = np.where(rows["terminated"], 0.0, self._hyper.discount).astype(np.float32)
            result[name] = {**columns, "discount": discount, "weight": np.ones_like(discount)}
        return Cut(result, {})

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """These rows stand instead of the last ones."""
        self._columns = join(parts)

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """Everything."""
        counts = {name: max(1, round(rows_of(one) / self._hyper.minibatch)) for name, one in self._columns.items()}
        return Draw(self._columns, 1, counts, shuffled=True)

    def learned(self, said: Mapping[str, Array]) -> None:
        """Nothing follows from it."""

    def reset(self) -> None:
        """See `Experience`."""
        self._columns = {}

    def save(self) -> Checkpoint:
        """Nothing: the next update reads on."""
        return Checkpoint({})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`."""
        self._columns = {}


def by_module(
    windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str], who: str
) -> dict[str, Columns]:
    """The transitions of each module. Raises UserError for modules with a memory, which `who` cannot teach."""
    result: dict[str, Columns] = {}
    for window in windows:
        for name, rows in rows_by_module(window, modules).items():
            if live.networks[name].memory_size:
                raise UserError(
                    f"model.kind: {live.networks[name].config.kind} has a memory, and {who} "
                    "cannot teach it; mlp and cnn are right"
                )
            result[name] = transitions(window, rows, live, len(modules))
    return result


def transitions(window: Trajectory, rows: Ints, live: NetworkPolicy, agents: int) -> Columns:
    """Some rows of a window as they go into a ring."""
    outside = rows[window.next_row[rows] < 0]
    if (window.last_row[outside[~window.terminated[outside]]] < 0).any():
        raise unseen_end()
    place = np.full(len(window) + 1, -1, dtype=np.int64)  # the entry at -1 stands for "nothing follows"
    place[rows] = np.arange(len(rows))
    agent = window.agent[rows]
    columns: Columns = {
        "observation": live.seen(tree.take(window.observation, rows), agent),
        "next_observation": live.seen(_following(window, rows, window.observation, window.last.observation), agent),
        "action": window.action[rows],
        "logp": window.logp[rows].astype(np.float32),
        "reward": window.reward[rows].astype(np.float32),
        "terminated": window.terminated[rows],
        "truncated": window.truncated[rows],
        "version": window.version[rows],
        "first": window.first[rows],
        "slot": window.lane[rows] * agents + agent,
        "next_row": place[window.next_row[rows]],
    }
    if window.mask is not None:
        last: Bools = np.ones((len(window.last_row), window.mask.shape[1]), dtype=np.bool_)
        last = last if window.last.mask is None else window.last.mask
        columns |= {"mask": window.mask[rows], "next_mask": _following(window, rows, window.mask, last)}
    return columns


def _following(window: Trajectory, rows: Ints, here: ArrayTree, last: ArrayTree) -> ArrayTree:
    """What follows each of these rows; what an agent saw itself where its part ended without another look."""
    next_row, last_row = window.next_row[rows], window.last_row[rows]
    inside, outside = np.flatnonzero(next_row >= 0), np.flatnonzero((next_row < 0) & (last_row >= 0))

    def follow(own: Array, final: Array) -> Array:
        result = own[rows]
        result[inside], result[outside] = own[next_row[inside]], final[last_row[outside]]
        return result

    return tree.map_tree(follow, here, last)
