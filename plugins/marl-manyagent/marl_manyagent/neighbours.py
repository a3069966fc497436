"""Mean actions: what the neighbours of an agent did, as the share of them that chose each action.

An environment that shows them has a leaf `mean_action` in its observations, `float32[K, A]`: each row is a distribution
over the A actions, or zeros where nobody is near (or nobody has acted yet). It is of the tick before, so in the
observation that follows an action it is of the same tick as that action.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018: one-hot actions, and their mean over
the neighbourhood of an agent, which leaves out the agent itself.
"""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.space import Space, Tree
from marl.types import Array, ArrayTree, Ints

MEAN = "mean_action"


def lattice_mean(choices: Array, actions: int) -> Array:
    """What the four neighbours on a torus chose: `int[L, H, W] -> float32[L, H, W, A]`."""
    chosen = (choices[..., None] == np.arange(actions)).astype(np.float32)
    total = sum(np.roll(chosen, shift, axis) for axis in (1, 2) for shift in (1, -1))
    return np.asarray(total / 4.0, dtype=np.float32)


def team_mean(last: Ints, team: Ints, lane: Ints, agent: Ints, actions: int) -> Array:
    """What the others of an agent's team did last, `float32[K, A]`, for `agent[K]` in `lane[K]`.

    `last`: `int64[lanes, N]`, the last action of everybody, or -1 of those who are gone or have not acted; these do not
    count. `team`: `int64[N]`.
    """
    lanes, teams = np.unique(lane, return_inverse=True)[0], int(team.max()) + 1
    known = last[lanes]
    where, who = np.nonzero(known >= 0)
    mine = np.isin(team[who], team[agent])  # those of other teams may have more actions
    where, who = where[mine], who[mine]
    flat = (where * teams + team[who]) * actions + known[where, who]
    counts = np.bincount(flat, minlength=len(lanes) * teams * actions).reshape(len(lanes), teams, actions)
    total = counts[np.searchsorted(lanes, lane), team[agent]].astype(np.float32)
    own = last[lane, agent]
    acted = np.flatnonzero(own >= 0)
    total[acted, own[acted]] -= 1.0
    return np.asarray(total / np.maximum(total.sum(axis=1, keepdims=True), 1.0), dtype=np.float32)


def shares(codes: Array, actions: int) -> Array:
    """The share of each action among neighbours that stand in windows, `int[K, W] -> float32[K, A]`.

    A code is 0 where nobody counts, else 1 and the action.
    """
    count = len(codes)
    flat = codes + (np.arange(count, dtype=np.int32) * (actions + 1))[:, None]
    found = np.bincount(flat.ravel(), minlength=count * (actions + 1)).reshape(count, actions + 1)[:, 1:]
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1), dtype=np.float32)


def with_mean(observation: ArrayTree, mean: ArrayTree) -> ArrayTree:
    """An observation whose mean action is `mean[K, A]` instead; arrays or tensors."""
    return {**observation, MEAN: mean}


def check_shown(spec: EnvSpec, who: str) -> None:
    """Raises UserError where an environment shows no mean actions, which `who` learns from."""
    for group in spec.groups:
        if not shows_mean(group.observation):
            raise UserError(
                f"{who} learns from what the neighbours of an agent did, and what {group.name!r} see has no "
                f"{MEAN!r}: manyagent/ising, manyagent/battle and manyagent/magent2 show it"
            )


def shows_mean(observation: Space) -> bool:
    """Whether there is a mean action among these observations."""
    return isinstance(observation, Tree) and MEAN in observation.fields
