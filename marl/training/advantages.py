"""Advantages: generalised advantage estimation over each agent's own turns.

Between two own turns lie any number of ticks; they count as one step. So the discount is *per own turn*, whatever
the others do in between, and `Trajectory.reward` is already the sum over those ticks.

Source: Schulman et al., "High-dimensional continuous control using generalized advantage estimation", ICLR 2016.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from marl.arena import Trajectory
from marl.errors import RunError
from marl.types import Floats, Ints


class Advantages(NamedTuple):
    """Per row, `float64[K]`: the advantage, and the value target `advantage + value`."""

    advantage: Floats
    target: Floats


def following_values(window: Trajectory, last_value: Floats) -> Floats:
    """The value after each row, `float64[K]`: of the agent's next own turn, of `last`, or 0 where it terminated.

    `last_value`: `float64[M]`, the values of `window.last`; those of terminated rows are not read. Raises RunError
    where the environment gave no final observation to an agent that was cut short.
    """
    inside = window.next_row >= 0
    following = np.zeros(len(window))
    following[inside] = window.value[window.next_row[inside]]
    bootstrapped = ~inside & ~window.terminated
    if (window.last_row[bootstrapped] < 0).any():
        raise unseen_end()
    following[bootstrapped] = last_value[window.last_row[bootstrapped]]
    return following


def unseen_end() -> RunError:
    """The error where an agent was cut short, and the environment did not show what it saw last."""
    return RunError(
        "the environment cut an agent short (truncated), but gave no last observation of it in `final`, so there is "
        "nothing to learn its value from; `marl plugins check` says more"
    )


def generalised_advantages(window: Trajectory, last_value: Floats, discount: float, trace: float) -> Advantages:
    """GAE of every row: `discount` (gamma) per own turn, `trace` (lambda) in `[0, 1]`.

    `last_value`: `float64[M]`, see `following_values`. Raises ValueError where the policy estimated no values.
    """
    if np.isnan(window.value).any():
        raise ValueError("these rows have no value estimates (NaN): the policy that played them does not estimate any")
    delta = window.reward + discount * following_values(window, last_value) - window.value
    advantage = np.zeros(len(window) + 1)  # the entry at -1 stands for "nothing follows"
    advantage[:-1] = delta
    decay = discount * trace
    for start, stop in ticks(window.clock):
        part = slice(start, stop)
        advantage[part] += decay * advantage[window.next_row[part]]
    return Advantages(advantage[:-1], advantage[:-1] + window.value)


def ticks(clock: Ints) -> list[tuple[int, int]]:
    """The runs of rows (start, stop) that were played at the same tick, last first; no row of a run follows another."""
    if len(clock) == 0:
        return []
    edges = [0, *(np.flatnonzero(np.diff(clock)) + 1).tolist(), len(clock)]
    return list(zip(edges[-2::-1], edges[:0:-1], strict=True))
