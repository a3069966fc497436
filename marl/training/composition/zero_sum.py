"""What sides are paid, made to sum up to nothing: no agent's gain is anything but another one's loss.

Why: shaping that pays both sides turns a fight into a common cause, such as passing a ball to and fro for a reward
for touches. At every tick each side's shaping, less the mean of the other sides', sums up to 0 over all sides; with
two teams of equal size that is "own less the opponents' mean" (Lucy-SKG, arXiv:2305.15801, and OpenAI Five,
arXiv:1912.06680, appendix G). An agent bears an equal share of what its side gives up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.trajectory import Trajectory
from marl.types import Floats


def check_zero_sum(spec: EnvSpec) -> None:
    """Raises UserError for a game in which nothing can be balanced."""
    if not spec.zero_sum:
        raise UserError("reward.zero_sum: the game's own reward is not zero-sum, so no sum with it can be")
    if spec.dynamics != "simultaneous":
        raise UserError("reward.zero_sum: sides of this game act in turns, so they are paid for different times; "
                        "it is for games in which all act at once")  # fmt: skip


def balanced(windows: Sequence[Trajectory], paid: Sequence[Floats], spec: EnvSpec) -> tuple[list[Floats], float]:
    """`paid` `float64[K]` by window, less what other sides are paid at the same tick; and the share of rows that are.

    Rows at whose tick a side is missing (the limit of an update cut through the tick) are paid nothing: 0. Raises
    UserError where that is all of them, as it is where other sides do not learn.
    """
    match, tick, agent = (
        np.concatenate(parts) for parts in zip(*((one.match, one.tick, one.agent) for one in windows), strict=True)
    )
    values, side = np.concatenate(paid), spec.side_of[agent]
    _, at = np.unique(match * (spec.max_length + 1) + tick, return_inverse=True)
    shape = (int(at.max(initial=-1)) + 1, len(spec.sides))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (at, side), values)
    np.add.at(counts, (at, side), 1.0)
    whole = np.asarray((counts > 0).all(axis=1))[at]
    if len(whole) and not whole.any():
        raise UserError(
            "reward.zero_sum: no row has rows of all other sides at its tick, so there is nobody to balance it with: "
            "it is for self-play, where one learner plays all sides"
        )
    others = (sums.sum(axis=1, keepdims=True) - sums) / (shape[1] - 1)
    result = np.where(whole, values - others[at, side] / counts[at, side], 0.0)
    share = float(whole.mean()) if len(whole) else 1.0
    return np.split(result, np.cumsum([len(window) for window in windows])[:-1]), share
