"""Experience: what a learner keeps of what was played, and how it is cut into batches.

It has two halves, for play and learning may be in different processes. `cut` is where it was played: stateless, and
what it gives are columns (arrays), which travel. `add`, `draw` and `learned` are where it is learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.training.columns import Columns, rows_of
from marl.training.networks import NetworkPolicy
from marl.types import Array


class Cut(NamedTuple):
    """The columns of each module, and named numbers to report of them."""

    columns: dict[str, Columns]
    stats: dict[str, float]


@dataclass(frozen=True)
class Draw:
    """What a fit learns from: each module's `columns` `[K, ...]`, `epochs` times over, in `minibatches[module]` parts.

    The parts are near equal, in the order of the rows, or `shuffled` anew in every epoch. A module without columns is
    not fitted.
    """

    columns: Mapping[str, Columns]
    epochs: int = 1
    minibatches: Mapping[str, int] = field(default_factory=dict)
    shuffled: bool = False

    def share(self, rank: int, world: int) -> Draw:
        """The rows of one of `world` learners that fit together: every `world`-th row (or sequence), from `rank` on.

        Counts differ by at most one and none is empty: where there are fewer rows than learners, everybody gets all of
        them, which gives the same gradient. All learners have the same number of minibatches.
        """
        if world == 1:
            return self
        columns, counts = {}, {}
        for name, whole in self.columns.items():
            count = rows_of(whole)
            index = np.arange(rank, count, world) if count >= world else np.arange(count)
            columns[name] = {key: tree.take(column, index) for key, column in whole.items()}
            counts[name] = max(1, min(self.minibatches[name], count // world))
        return Draw(columns, self.epochs, counts, self.shuffled)


class Experience(Protocol):
    """Made from an algorithm's hyper-parameters. `keeps`: whether `draw` gives rows of earlier updates too.

    Where it keeps nothing, what was cut goes straight to the learners, which add and draw it themselves. `record`: what
    it needs to be written down of matches.
    """

    keeps: ClassVar[bool]
    record: ClassVar[Record] = Record()

    def __init__(self, hyper: Any) -> None: ...

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """What `live` played, as columns. `modules`: the module id of each agent of the environment."""

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """Take what was cut in one update; one part for each sampler, in their order."""

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """What to fit now. All randomness follows from `seed`; `coefficients` are what schedules say."""

    def learned(self, said: Mapping[str, Array]) -> None:
        """What the loss said of the rows of the last draw, `float32[K]` in their order, of modules where it did."""

    def reset(self) -> None:
        """A cold start: nothing is kept."""

    def save(self) -> Checkpoint:
        """All that is kept: part of the checkpoint."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Go back (or on) to what was saved."""
