"""External sampling: one agent of many matches tries all of its actions, while others and chance are drawn.

Who plays how is asked for, so tables and networks learn from the same traversals.
Source: Lanctot et al., "Monte Carlo sampling for regret minimization in extensive games", NeurIPS 2009, section 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import SELF, Job
from marl.space import Discrete
from marl.types import Bools, Floats, Ints, Keys
from marl_tabular.lanes import Lanes, Node

_ACTIONS = 0x616374696F6E73  # sets what agents draw apart from what chance draws in the same match


@dataclass(frozen=True)
class Level:
    """What was tried after the same number of actions. K matches waited for somebody, and E actions were taken.

    `waiting`: the K matches. `policy`: `float64[K, A]`. `traverser`: `bool[K]`. `node`, `action`, `child`:
    `int64[E]`: where each action was taken, and which match of the next level it led to, -1 where it ended.
    `reward`: `float64[E]`, the traverser's.
    """

    waiting: Node
    policy: Floats
    traverser: Bools
    node: Ints
    action: Ints
    child: Ints
    reward: Floats


def walk(lanes: Lanes, traverser: int, keys: Keys, policy: Callable[[Node], Floats]) -> list[Level]:
    """Traverse one match for each of `keys[K]`, from which all chance in it follows; level by level.

    `traverser`: the agent that tries all it may do. `policy`: how K matches that wait are played, `float64[K, A]`.
    """
    waiting, levels = lanes.begin(keys), []
    keys = rng.extend(keys, _ACTIONS)
    while len(waiting):
        played = policy(waiting)
        own = waiting.agent == traverser
        tried = waiting.mask & own[:, None]
        drawn = np.flatnonzero(~own)
        tried[drawn, rng.choose(keys[drawn], played[drawn])] = True
        node, action = np.nonzero(tried)
        lane = lanes.fork(waiting.lane, tried.sum(axis=1))
        rewards, done, following = lanes.step(lane, waiting.agent[node], action)
        child = np.full(len(lane), -1)
        child[~done] = np.arange(len(following))
        levels.append(Level(waiting, played, own, node, action, child, rewards[:, traverser]))
        waiting, keys = following, rng.extend(keys[node], action)[~done]
    return levels


def regrets(levels: Sequence[Level]) -> Iterator[tuple[int, Floats]]:
    """The number of each level, last first, and what its traverser's actions came to more: `float64[own, A]`.

    `own` are the matches that waited for the traverser, in their order. Illegal actions have 0. Summed over the matches
    of an information set, the mean over traversals is the counterfactual regret.
    """
    value = np.zeros(0)
    for number in reversed(range(len(levels))):
        level = levels[number]
        came = level.reward.copy()
        goes_on = level.child >= 0
        came[goes_on] += value[level.child[goes_on]]
        worth = np.zeros_like(level.policy)
        worth[level.node, level.action] = came
        own = level.traverser
        value = np.where(own, (worth * level.policy).sum(axis=1), worth.sum(axis=1))
        yield number, (worth - value[:, None])[own] * level.waiting.mask[own]


def traversable(job: Job, spec: EnvSpec) -> tuple[int, tuple[int, ...]]:
    """The most actions that an agent may choose among, and the agent of each side.

    Raises UserError where the job's game cannot be traversed, or others play in it too.
    """
    if spec.dynamics != "turns":
        raise UserError(f"{job.algorithm} tries one agent's actions at a time, and here several act at once")
    if any(len(side) > 1 for side in spec.sides):
        raise UserError(f"{job.algorithm} needs one agent on each side, and the sides here are {spec.sides}")
    if wrong := [group.action for group in spec.groups if not isinstance(group.action, Discrete)]:
        raise UserError(f"{job.algorithm} needs actions that can be counted, a Discrete space, not {wrong[0]}")
    others = [mixture for side, mixture in enumerate(job.opponents) if side != job.side]
    if any(mixture != ((SELF, 1.0),) for mixture in others):
        raise UserError(
            f"{job.algorithm} learns by self-play alone (`strategy: league/self_play`), and here others play too: "
            "tabular/cfr_plus answers them, where the game has a sequence form"
        )
    actions = max(group.action.n for group in spec.groups if isinstance(group.action, Discrete))
    return actions, tuple(agent for (agent,) in spec.sides)
