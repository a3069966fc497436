"""Whole matches with all that was played in them, for rewards that depend on what others did in between.

The columns are those of on-policy experience (see `marl.training.experience`) and

| column | shape | |
|---|---|---|
| `match`, `agent`, `tick` | `int64[K]` | where a row stands; no two matches of an update have one number |
| `reward` | `float32[K]` | what was earned until the agent's next own turn |
| `after` | `float32[K]` | the value of what follows the agent's last row, 0 where its part terminated |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl.arena import Record, Trajectory
from marl.errors import UserError
from marl.training.experience import Columns, Cut
from marl.training.experience.on_policy import OnPolicy, following_values, last_values
from marl.training.networks import NetworkPolicy
from marl.types import Array, Floats, Ints


class WholeMatches(OnPolicy):
    """See `Experience`. All agents have one network, without a memory: `RNaD` refuses others."""

    record: ClassVar[Record] = Record(whole=True)

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """The rows of all windows in their order, whose matches are whole."""
        (name,) = live.networks
        if live.networks[name].memory_size:
            raise UserError(
                f"model.kind: {live.networks[name].config.kind} has a memory, and an algorithm that learns from single "
                "turns cannot teach it; mlp and cnn are right"
            )
        if live.spec.births:
            raise UserError(
                "agents are born and die within a match here, and an algorithm that counts what all others pay from an "
                "agent's first turn to the end of the match has no use for them; rllib/ppo learns from every life"
            )
        columns, stats = super().cut(windows, live, modules)
        more = {
            "match": np.concatenate([window.match for window in windows]),
            "agent": np.concatenate([window.agent for window in windows]),
            "tick": np.concatenate([window.tick for window in windows]),
            "reward": np.concatenate([window.reward for window in windows]).astype(np.float32),
            "after": np.concatenate([_after(window, live) for window in windows]).astype(np.float32),
        }
        return Cut({name: {**columns[name], **more}}, stats)

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """These columns stand instead of the last ones; samplers' matches are told apart."""
        apart, most = [], 0
        for part in parts:
            (name,) = part
            match = np.asarray(part[name]["match"]) + most
            most = int(match.max()) + 1
            apart.append({name: {**part[name], "match": match}})
        super().add(apart)


def _after(window: Trajectory, live: NetworkPolicy) -> Floats:
    """The values of what follows where matches were cut short, `float64[K]`."""
    following = following_values(window, last_values(window, live))
    return np.where(window.next_row < 0, following, 0.0)


def regularised(
    match: Ints,
    agent: Ints,
    tick: Ints,
    reward: Floats,
    paid: Floats,
    value: Floats,
    after: Floats,
    trace: float,
    discount: float,
) -> tuple[Floats, Floats]:
    """What followed each row, and the target of its value, `float64[K]` each, with what divergences cost.

    `paid` `[K]` is what a row's agent pays in it, on average over its actions, and all others earn.
    """
    order = np.lexsort((agent, tick, match))
    spent = np.concatenate([[0.0], np.cumsum(paid[order])])  # by all, before each row of `order`
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    turns = np.lexsort((tick, agent, match))
    goes_on = np.zeros(len(turns), dtype=np.bool_)
    goes_on[:-1] = (match[turns[1:]] == match[turns[:-1]]) & (agent[turns[1:]] == agent[turns[:-1]])
    following = np.full(len(turns), -1, dtype=np.int64)
    following[turns[:-1][goes_on[:-1]]] = turns[1:][goes_on[:-1]]
    end = np.searchsorted(match[order], match, side="right")  # of each row's match, in `order`
    until = np.where(following >= 0, place[following], end)
    earned = reward + spent[until] - spent[place + 1]
    return _backwards(turns, goes_on, following, earned, paid, value, after, trace, discount)


def _backwards(
    turns: Ints,
    goes_on: Array,
    following: Ints,
    earned: Floats,
    paid: Floats,
    value: Floats,
    after: Floats,
    trace: float,
    discount: float,
) -> tuple[Floats, Floats]:
    """From the last own turn of every agent to its first: V-trace, on the policy that played (see `regularised`)."""
    starts = np.flatnonzero(np.concatenate([[True], ~goes_on[:-1]]))
    length = np.diff(np.concatenate([starts, [len(turns)]]))
    came, target = np.zeros(len(turns)), np.zeros(len(turns))
    for back in range(int(length.max(initial=0))):
        at = turns[(starts + length - 1 - back)[length > back]]
        if back == 0:
            came[at] = earned[at] + discount * after[at]
            target[at] = came[at] - paid[at]
            continue
        then = following[at]
        came[at] = earned[at] + discount * target[then]
        target[at] = earned[at] - paid[at] + discount * ((1 - trace) * value[then] + trace * target[then])
    return came, target
