"""One agent's own log of a dataset: what it saw, did and earned, and nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from marl import tree
from marl.trajectory import Trajectory
from marl.types import Array, ArrayTree, Bools, Floats, Ints


@dataclass(frozen=True)
class AgentLog:
    """K own turns of one agent, match by match and in their order.

    `match`: `int64[K]`, the place of the match in the dataset. `tick`: `int64[K]`. `observation`, `next_observation`:
    trees of `[K, ...]`; what follows is zeros where nothing was seen any more (`followed`, `bool[K]`, says where
    something was). `mask`: `bool[K, A]` or None. `action`: `[K, ...]`. `logp`: `float64[K]`, of whoever played.
    `reward`: `float64[K]`, until the next own turn or the end. `terminated`, `truncated`: `bool[K]`.
    """

    match: Ints
    tick: Ints
    observation: ArrayTree
    mask: Bools | None
    action: Array
    logp: Floats
    reward: Floats
    next_observation: ArrayTree
    followed: Bools
    terminated: Bools
    truncated: Bools

    def __len__(self) -> int:
        return len(self.match)


@dataclass(frozen=True)
class AgentView:
    """What one agent has of a dataset of so many matches. `agent`: its number; `group`: whose spaces it has.

    `windows` gives matches by their numbers, see `marl.datasets.Dataset.windows`.
    """

    windows: Callable[[Sequence[int] | Ints], Sequence[Trajectory]]
    matches: int
    agent: int
    group: int

    def __iter__(self) -> Iterator[AgentLog]:
        """Match by match; one in which it had no turn is empty."""
        return (self.log([number]) for number in range(self.matches))

    def log(self, numbers: Sequence[int] | Ints) -> AgentLog:
        """Its own turns in these matches."""
        window = self.windows(numbers)[self.group]
        rows = window.order()
        rows = rows[window.agent[rows] == self.agent]
        names = ("match", "tick", "action", "logp", "reward", "terminated", "truncated", "followed")
        return AgentLog(
            observation=tree.take(window.observation, rows),
            next_observation=tree.take(window.next_observation(), rows),
            mask=None if window.mask is None else window.mask[rows],
            **{name: np.asarray(getattr(window, name))[rows] for name in names},
        )
