"""Rewards: pure, batched transforms of transitions to named reward channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from marl.types import Array, ArrayTree, Bools, Floats, Ints


@dataclass(slots=True)
class Transitions:
    """K transitions, each from one of an agent's own turns to its next.

    `agent`: `int64[K]`. `observation`, `next_observation`: trees of `[K, ...]` (the latter is the final observation
    where the agent's part ended). `action`: `[K, ...]`. `reward`: `float64[K]`, summed over all ticks in between.
    `terminated`, `truncated`: `bool[K]`. `info`: the environment's declared columns, `[K, ...]`.
    """

    agent: Ints
    observation: ArrayTree
    action: Array
    reward: Floats
    next_observation: ArrayTree
    terminated: Bools
    truncated: Bools
    info: dict[str, Array] = field(default_factory=dict)


@runtime_checkable
class Reward(Protocol):
    """Maps transitions to channels. The result depends on nothing but the batch, row by row."""

    def __call__(self, batch: Transitions) -> Mapping[str, Floats]:
        """Named channels, each `float64[K]`."""
