"""Experience: what a learner keeps of what was played, and how it is cut into batches.

It has two halves, for play and learning may be in different processes. `cut` is where it was played: stateless, and
what it gives are columns (plain numpy arrays by name), which travel, as episodes never do. `add`, `draw` and `learned`
are where it is learned from.

| column | shape | |
|---|---|---|
| `observation` | tree of `[K, ...]` | |
| `mask` | `bool[K, W]` | only where the environment gives masks |
| `action` | `[K, ...]` | |
| `logp`, `value` | `float32[K]` | of the policy that played, when it played |
| `version` | `int64[K]` | how many updates are behind the weights that played |
| `advantage`, `target` | `float32[K]` | see `marl.training.experience.on_policy` |

Modules with memory get sequences: the same columns as `[S, T, ...]`, and `valid` `bool[S, T]` (False on padding),
`first` `bool[S, T]` (memory is cleared there) and `memory` `[S, M]` (at the start of each sequence).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.errors import RunError
from marl.training.networks import NetworkPolicy
from marl.types import Array, ArrayTree, Ints

Columns: TypeAlias = dict[str, ArrayTree]


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


def edges(rows: int, count: int) -> list[int]:
    """Where `count` near equal parts of the rows begin, and where the last one ends."""
    edges: list[int] = np.linspace(0, rows, count + 1).astype(int).tolist()
    return edges


def ticks(clock: Ints) -> list[tuple[int, int]]:
    """The runs of rows (start, stop) that were played at the same tick, last first; no row of a run follows another."""
    if len(clock) == 0:
        return []
    edges = [0, *(np.flatnonzero(np.diff(clock)) + 1).tolist(), len(clock)]
    return list(zip(edges[-2::-1], edges[:0:-1], strict=True))


def unseen_end() -> RunError:
    """The error where an agent was cut short, and the environment did not show what it saw last."""
    return RunError(
        "the environment cut an agent short (truncated), but gave no last observation of it in `final`, so there is "
        "nothing to learn its value from; `marl plugins check` says more"
    )
