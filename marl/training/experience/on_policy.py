"""On-policy experience: what was played last and nothing else, with advantages, in epochs of shuffled minibatches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.env import Rows
from marl.training.advantages import Advantages, generalised_advantages
from marl.training.columns import Columns, join, module_columns, rows_of
from marl.training.experience import Cut, Draw
from marl.training.hyper import OnPolicyHyper
from marl.training.networks import NetworkPolicy
from marl.types import Array, Floats


class OnPolicy:
    """See `Experience`. The columns are those of `marl.training.columns`; every row is used `epochs` times."""

    keeps: ClassVar[bool] = False
    record: ClassVar[Record] = Record()

    def __init__(self, hyper: OnPolicyHyper) -> None:
        self._hyper = hyper
        self._columns: dict[str, Columns] = {}

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Estimates advantages; rows of modules with a memory become sequences."""
        hyper, parts, estimates = self._hyper, [], []
        memories = {name: network.memory_size for name, network in live.networks.items()}
        for window in windows:
            last = _last_values(window, live)
            estimates.append(generalised_advantages(window, last, hyper.discount, hyper.trace))
            seen = live.seen(window.observation, window.agent)
            apart = hyper.staleness > 0  # so that rows that are too old can be left out
            parts.append(module_columns(window, seen, estimates[-1], modules, memories, hyper.sequence, apart))
        return Cut(join(parts), _fit_of_values(windows, estimates))

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """These columns stand instead of the last ones."""
        self._columns = join(parts)

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """Everything; the learner shuffles."""
        counts = {name: minibatches(columns, self._hyper.minibatch) for name, columns in self._columns.items()}
        return Draw(self._columns, self._hyper.epochs, counts, shuffled=True)

    def learned(self, said: Mapping[str, Array]) -> None:
        """Nothing follows from it."""

    def reset(self) -> None:
        """See `Experience`."""
        self._columns = {}

    def save(self) -> Checkpoint:
        """Nothing: the next update plays new rows."""
        return Checkpoint({})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`."""
        self._columns = {}


def minibatches(columns: Columns, size: int) -> int:
    """Into how many parts of about `size` rows a module's columns are cut; at least one, and none empty."""
    count = rows_of(columns)
    rows = int(columns["valid"].sum()) if "valid" in columns else count
    return max(1, min(count, round(rows / size)))


def _last_values(window: Trajectory, live: NetworkPolicy) -> Floats:
    """The values `float64[M]` of `window.last` in one batch; 0 where a row terminated, which nobody asks for."""
    values = np.zeros(len(window.last_row))
    rows = np.flatnonzero((window.last_row >= 0) & ~window.terminated)
    if len(rows) == 0:
        return values
    last = window.last
    index = window.last_row[rows]
    asked = Rows(
        lane=window.lane[rows],
        agent=window.agent[rows],
        observation=tree.take(last.observation, index),
        mask=None if last.mask is None else last.mask[index],
        first=np.zeros(len(rows), dtype=np.bool_),
        group=window.group,
    )
    memory = None if last.memory is None else last.memory[index]
    answer = live.act(asked, memory, np.zeros(len(rows), dtype=np.uint64))
    assert answer.value is not None  # `generalised_advantages` has refused policies without values
    values[index] = answer.value
    return values


def _fit_of_values(windows: Sequence[Trajectory], estimates: Sequence[Advantages]) -> dict[str, float]:
    """How much of the targets' variance the values explain: 1 is all, 0 is what a constant does."""
    target = np.concatenate([estimate.target for estimate in estimates])
    error = target - np.concatenate([window.value for window in windows])
    variance = float(target.var())
    return {"explained_variance": 1.0 - float(error.var()) / variance if variance > 0 else 0.0}
