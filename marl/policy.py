"""Policies: what maps observations to actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from marl.env import Rows
from marl.types import Array, Floats, Keys


@dataclass(slots=True)
class Acts:
    """A policy's answer to K rows.

    `action`: `[K, ...]` as the group's action space says. `logp`: `float64[K]`, the log-probability (or density) of
    each action. `value`: `[K]`, or None where the policy estimates none. `memory`: `[K, ...]`, or None.
    """

    action: Array
    logp: Floats
    value: Floats | None = None
    memory: Array | None = None


@runtime_checkable
class Policy(Protocol):
    """Maps rows to actions. It keeps no state between calls; memory belongs to the arena.

    Randomness comes from `keys` alone, one per row, so what is played does not depend on which rows share a batch.
    """

    def memory(self, rows: int) -> Array | None:
        """The memory `[rows, ...]` of agents that have not acted yet, or None for a policy without memory."""

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Choose actions for K rows of one group (`rows.group`).

        `memory`: `[K, ...]`, already cleared where `rows.first`. `keys`: `uint64[K]`, see `marl.rng`.
        """


@runtime_checkable
class Explicit(Protocol):
    """Optional: a policy without memory, over discrete actions, that can state its probabilities exactly."""

    def probabilities(self, rows: Rows) -> Floats:
        """The probability of each action, `float64[K, A]`; 0 where the mask forbids one, and each row sums to 1."""
