"""What comes after a row, for auxiliary losses: what was paid, what was seen next, and the next gain of the match.

Only where a loss of the scenario asks for it (`AuxiliaryLoss.needs`); columns `[K, ...]` by row of a window.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from marl import tree
from marl.arena import Trajectory
from marl.training.experience import Columns
from marl.training.networks import NetworkPolicy
from marl.types import Ints

COLUMNS = ("reward", "next_observation", "followed", "gain", "gain_before", "gain_after", "episode")


def ahead(window: Trajectory, live: NetworkPolicy, needs: Collection[str]) -> Columns:
    """The columns among `COLUMNS` that are needed; `followed` goes with `next_observation`.

    `gain`: which turn that pays more than 0 is the agent's next in the match, as far as the window has it (the row
    itself counts), a number `int64[K]`, equal for equal turns; -1 where there is none. `gain_before`, `gain_after`:
    what the agent saw at that turn and after it. `episode`: a number `int64[K]` for each agent in each match.
    """
    columns: Columns = {}
    if "reward" in needs:
        columns["reward"] = window.reward.astype(np.float32)
    following = window.next_observation() if {"next_observation", "gain_after"} & set(needs) else None
    if "next_observation" in needs:
        columns["next_observation"] = live.seen(following, window.agent)
        columns["followed"] = window.followed
    if {"gain", "gain_before", "gain_after"} & set(needs):
        at = gains(window)
        known = np.maximum(at, 0)
        columns["gain"] = np.where(at >= 0, _number(window)[known], -1)
        columns["gain_before"] = live.seen(tree.take(window.observation, known), window.agent)
        columns["gain_after"] = live.seen(tree.take(following, known), window.agent)
    if "episode" in needs:
        columns["episode"] = window.match * _agents(window) + window.agent
    return columns


def gains(window: Trajectory) -> Ints:
    """The row of each row's next gain in its match, itself included, that an observation follows; -1: none."""
    order, count, life = window.order(), len(window), window.lives()
    pays = (window.reward > 0) & window.followed
    place = np.where(pays[order], np.arange(count), count)
    next_place = np.minimum.accumulate(place[::-1])[::-1]
    found = np.append(order, -1)[next_place]
    same = life[found] == life[order]
    result = np.full(count, -1, dtype=np.int64)
    result[order] = np.where((found >= 0) & same, found, -1)
    return result


def _number(window: Trajectory) -> Ints:
    """A number for each turn of the run, so that equal ones are known in other windows, too."""
    ticks = int(window.tick.max(initial=0)) + 1
    return np.asarray((window.match * ticks + window.tick) * _agents(window) + window.agent)


def _agents(window: Trajectory) -> int:
    return int(window.agent.max(initial=0)) + 1
