"""Trajectories: what learning policies saw and did, as columns, one set per group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from marl import tree
from marl.joint import Joint, Steps, Ticks
from marl.types import Array, ArrayTree, Bools, Floats, Ints


@dataclass(frozen=True)
class Last:
    """The M observations that follow a row which no other row of the window follows.

    `observation`: tree of `[M, ...]`. `mask`: `bool[M, W]` or None; all True where the agent's part had ended.
    `memory`: `[M, ...]` or None, what the policy remembers there.
    """

    observation: ArrayTree
    mask: Bools | None
    memory: Array | None


class Term(NamedTuple):
    """One of the terms that what is learned from is the sum of: `paid` `float64[K]`, times its `weight`."""

    weight: float
    paid: Floats


@dataclass(frozen=True)
class Trajectory:
    """K rows of one group in the order in which they were played, each complete up to its agent's next own turn.

    `match`, `lane`, `agent`, `player`, `tick`, `clock`, `version`: `int64[K]` (`tick` counts in the match, `clock` in
    the play; `version` is how many updates are behind the weights that chose the action).
    `first`: `bool[K]`, the agent's first row of its match (of its life, where there are births). `observation`: tree of
    `[K, ...]`. `mask`: `bool[K, W]` or None. `action`: `[K, ...]`. `logp`, `value`: `float64[K]` (NaN where the policy
    estimates no value). `memory`: `[K, ...]` or None, before the action. `task`: `int64[K]`, that of the match, or
    None where the environment has none. `reward`: `float64[K]`, everything the agent earned from this action until its
    next own turn or its end.
    `terminated`, `truncated`: `bool[K]`, whether the agent's part ended before another own turn. `info`: the
    environment's columns as of the last tick that counts for the row.

    What follows a row: `next_row` `int64[K]`, the agent's next row in this window, or -1; then `last_row` `int64[K]` is
    an index into `last`: the final observation of an agent that ended, or its next own turn, which is in the next
    window. So values bootstrap from `last` where `last_row >= 0` and not `terminated`.

    `unassigned`: `float64[N]`, rewards of learners that no row earned, which came before the agent's first turn.

    Only where the record was asked for them (`marl.arena.Record`): `earned` `float64[K, S]`, what every side earned
    (the sum over its agents, whether they learn or not) while the row earned its `reward`; `before`, the columns of
    `info` as they were when the agent acted, zero at the first tick of a match; `ticks`, all ticks of the matches,
    which are whole then (the same in the trajectories of all groups).

    `terms`: where rewards are composed, what `reward` is the sum of, by name (`value` is `[K, C]` for a policy that
    values each of these C by itself).
    """

    group: int
    match: Ints
    lane: Ints
    agent: Ints
    player: Ints
    tick: Ints
    clock: Ints
    version: Ints
    first: Bools
    observation: ArrayTree
    mask: Bools | None
    action: Array
    logp: Floats
    value: Floats
    memory: Array | None
    reward: Floats
    terminated: Bools
    truncated: Bools
    next_row: Ints
    last_row: Ints
    last: Last
    info: dict[str, Array]
    unassigned: Floats
    earned: Floats | None = None
    before: dict[str, Array] = field(default_factory=dict)
    task: Ints | None = None
    ticks: Ticks | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.match)

    def joint(self, side: int, agents: Sequence[int]) -> Joint:
        """Whole matches of some agents of one side, all of this group, step by step; see `Joint`.

        Steps are those of the whole side, so its agents in other groups have the same ones. Raises ValueError where
        matches are not whole: record them with `Record(whole=True)`.
        """
        if self.ticks is None:
            raise ValueError("joint rows need whole matches: record them with Record(whole=True)")
        steps = Steps(self.ticks, side)
        (count, most), n, cut = steps.shape, len(agents), steps.truncated()
        column = np.full(int(max(self.agent.max(initial=0), *agents)) + 1, -1, dtype=np.int64)
        column[list(agents)] = np.arange(n)
        rows = np.flatnonzero(column[self.agent] >= 0)
        episode, step = steps.find(self.match[rows], self.tick[rows])
        place = (episode, step, column[self.agent[rows]])
        more = self.truncated[rows] & cut[episode] & (self.next_row[rows] < 0) & (self.last_row[rows] >= 0)
        last = (episode[more], steps.length[episode[more]], column[self.agent[rows[more]]])
        final = self.last_row[rows[more]]

        def lay(here: Array, after: Array | bool) -> Array:
            result = np.zeros((count, most + 1, n, *here.shape[1:]), here.dtype)
            result[place], result[last] = here[rows], after if isinstance(after, bool) else after[final]
            return result

        def chosen(here: Array) -> Array:
            result = np.zeros((count, most, n, *here.shape[1:]), here.dtype)
            result[place] = here[rows]
            return result

        return Joint(
            match=steps.match,
            length=steps.length,
            valid=steps.valid(),
            acts=lay(np.ones(len(self), dtype=np.bool_), True),
            first=lay(self.first, False),
            observation=tree.map_tree(lay, self.observation, self.last.observation),
            mask=None if self.mask is None else lay(self.mask, True),
            action=chosen(self.action),
            logp=chosen(self.logp),
            reward=steps.earned(),
            state=steps.state(),
            terminated=~cut,
            truncated=cut,
        )

    def order(self) -> Ints:
        """The rows agent by agent, each agent's own turns in a row: sorted by match, agent, tick, `int64[K]`."""
        return np.lexsort((self.tick, self.agent, self.match))

    def lives(self) -> Ints:
        """Which life each row is of, `int64[K]`: numbers from 0 on, in the order of `order`.

        Where there are no births (`EnvSpec.births`), it is that of its agent in its match; else a place may be taken by
        several, one after the other, and what one of them does is nothing of what another did.
        """
        order = self.order()
        begins = self.first[order]
        for column in (self.match[order], self.agent[order]):
            begins[1:] |= column[1:] != column[:-1]
        result = np.empty(len(order), dtype=np.int64)
        result[order] = np.cumsum(begins) - begins[:1].sum()
        return result

    @property
    def followed(self) -> Bools:
        """Which rows an observation follows, `bool[K]`: all but those that ended a part without a final one."""
        return np.asarray((self.next_row >= 0) | (self.last_row >= 0))

    def next_observation(self) -> ArrayTree:
        """What each agent saw next: at its next own turn, or when its part ended. A tree of `[K, ...]`.

        Zeros where that was nothing (see `followed`).
        """
        inside, outside = np.flatnonzero(self.next_row >= 0), np.flatnonzero(self.last_row >= 0)

        def follow(here: Array, last: Array) -> Array:
            result = np.zeros_like(here)
            result[inside] = here[self.next_row[inside]]
            result[outside] = last[self.last_row[outside]]
            return result

        return tree.map_tree(follow, self.observation, self.last.observation)
