"""The flow of the mean field: which rule the upper-level policy gives at each tick, when nobody looks at the swarm.

In a swarm of infinitely many agents the distribution at each tick is certain, and so is the rule that goes with it. So
the rules of all ticks can be worked out beforehand, and agents that count ticks need to be told nothing. Here the
distribution is estimated by features that are averaged over many matches, in which all agents go by the rules found so.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from marl import rng
from marl.env import Rows
from marl.policy import Policy
from marl.types import Array
from marl_swarm.mean_field import MeanField

_FLOW = 0x464C4F57  # sets these matches apart from those of training


class Flow(NamedTuple):
    """`rules`: of each tick, `float32[T, P]`. `features`: the mean state that they are for, `float32[T, F]`. `reward`:
    the mean over agents and matches, `float64[T]`."""

    rules: Array
    features: Array
    reward: Array


def flow(world: MeanField, upper: Policy, seed: int) -> Flow:
    """The flow of `upper`, which is asked once a tick, by matches in all lanes of `world`."""
    everywhere = np.arange(world.lanes)
    (rows,) = world.reset(everywhere, rng.mix(seed, _FLOW, everywhere))
    rules: list[Array] = []
    features: list[Array] = []
    reward: list[float] = []
    while rows is not None:
        mean = np.asarray(rows.observation.mean(axis=0, keepdims=True), dtype=np.float32)
        asked = Rows(rows.lane[:1], rows.agent[:1], mean, None, rows.first[:1])
        rule = upper.act(asked, None, rng.mix(seed, _FLOW, len(rules))).action
        step = world.step(rows.lane, [np.repeat(rule, len(rows), axis=0)])
        rules.append(rule[0])
        features.append(mean[0])
        reward.append(step.rewards.mean())
        (rows,) = step.turn
    return Flow(np.stack(rules).astype(np.float32), np.stack(features), np.array(reward))
