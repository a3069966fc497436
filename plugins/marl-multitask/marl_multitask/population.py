"""Games for any number of agents: one game at several sizes, each a task.

There are as many seats as the largest match needs, and the agents of a match sit on the first of them. Each agent is a
side of its own. What it sees is a tree that has the same shape at every size, with a row for each other seat:

    size    float32[1]              how many agents there are
    lot     float32[1]              a number that was drawn for this agent when the match began, uniformly in [0, 1)
    own     float32[F]              what is about nobody else
    others  float32[most - 1, 1 + G]  of each other agent: 1, then what is to be known of it; all zero: nobody

Nothing should depend on the order of the others. A lot is worth nothing, and nobody else sees it: policies may go by it
to play one of several ways for a whole match (`multitask/relations`).
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np

from marl import rng
from marl.env import Actions, EnvSpec, Group, Lanes, Step, Turn
from marl.games import SimultaneousGame
from marl.space import Box, Discrete, Tree
from marl.tasks import Tasks
from marl.types import Array, ArrayTree, Bools, Floats, Ints

SIZE, LOT, OWN, OTHERS = "size", "lot", "own", "others"
_LOT = 0x107  # sets lots apart from all else that follows from a seed


class PopulationGame(SimultaneousGame):
    """An `Environment` whose matches are of `sizes` agents, out of `most` seats. Subclasses are the rules.

    `own`, `other`: how many numbers an agent sees of itself, and of each other one. Rewards, places and actions of
    seats that nobody sits on count for nothing.
    """

    lot: Floats  # float64[lanes, most]

    def __init__(
        self,
        lanes: int,
        sizes: Sequence[int],
        most: int,
        actions: int,
        own: int,
        other: int,
        returns: tuple[float, float],
        max_length: int = 1,
    ) -> None:
        self.sizes, self.most = np.array(sizes), most
        self._others = np.array([[one for one in range(most) if one != agent] for agent in range(most)])
        names = tuple(f"agent_{agent}" for agent in range(most))
        seen = {
            SIZE: Box((1,), 1, most),
            LOT: Box((1,), 0, 1),
            OWN: Box((own,)),
            OTHERS: Box((most - 1, 1 + other)),
        }
        group = Group("agents", tuple(range(most)), Tree(seen), Discrete(actions))
        sides, tasks = tuple((agent,) for agent in range(most)), tuple(str(size) for size in sizes)
        super().__init__(
            EnvSpec(names, (group,), sides, "simultaneous", max_length, returns, tasks=Tasks(tasks)),
            lanes,
        )

    def common(self) -> dict[str, Any]:
        """See `Vectorised`."""
        return super().common() | {"lot": np.zeros(self.most)}

    @abc.abstractmethod
    def start(self, lanes: Lanes) -> None:
        """Draw what chance decides at the start of a match, from `self.seed[lanes]`."""

    @abc.abstractmethod
    def score(self, lanes: Lanes, chosen: Ints, there: Bools) -> tuple[Floats, Bools]:
        """What all chose, `[L, most]`, counts of those that are `there`: rewards and which matches are over."""

    @abc.abstractmethod
    def themselves(self, lanes: Lanes, agents: Ints) -> Array:
        """What agents `[K]` see but for others: `[K, own]`."""

    @abc.abstractmethod
    def neighbours(self, lanes: Lanes, agents: Ints, others: Ints) -> Array:
        """What agents `[K]` see of `others` `[K, most - 1]`, there or not: `[K, most - 1, other]`."""

    def there(self, lanes: Lanes) -> Bools:
        """Which seats have an agent, `bool[L, most]`."""
        return np.asarray(np.arange(self.most) < self.sizes[self.task[lanes]][:, None])

    def begin(self, lanes: Lanes) -> None:
        """See `SimultaneousGame`."""
        keys = rng.extend(rng.mix(self.seed[lanes], _LOT)[:, None], np.arange(self.most))
        self.lot[lanes] = rng.uniform(keys).reshape(len(lanes), self.most)
        self.start(lanes)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """See `SimultaneousGame`."""
        there = self.there(lanes)
        rewards, over = self.score(lanes, actions[0], there)
        return rewards * there, over

    def observe(self, lanes: Lanes, agents: Ints) -> ArrayTree:
        """See `SimultaneousGame`. Zeros on seats that nobody sits on, but for the size."""
        others, there = self._others[agents], self.there(lanes)
        here = there[np.arange(len(lanes)), agents][:, None]
        known = np.take_along_axis(there, others, 1)[..., None]
        about = np.concatenate([known, self.neighbours(lanes, agents, others)], axis=2) * (known & here[..., None])
        return {
            SIZE: self.sizes[self.task[lanes]][:, None].astype(np.float32),
            LOT: self.lot[lanes, agents][:, None].astype(np.float32) * here,
            OWN: (self.themselves(lanes, agents) * here).astype(np.float32),
            OTHERS: about.astype(np.float32),
        }

    def turn(self, lanes: Lanes) -> Turn:
        """See `SimultaneousGame`: only those have a turn that are there."""
        (rows,) = super().turn(lanes)
        if rows is None:
            return (None,)
        return (rows.take(rows.agent < self.sizes[self.task[rows.lane]]),)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        there = self.there(lanes)
        (given,) = self._batches([int(there.sum())], actions)
        chosen = np.zeros(there.shape, given.dtype)
        chosen[there] = given
        return super().step(lanes, (chosen.reshape(-1),))
