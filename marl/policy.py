"""Policies: what maps observations to actions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from marl.env import Rows
from marl.types import Array, Floats, Ints, Keys


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


class Stack(Protocol):
    """Several policies without memory that answer in one pass."""

    def act(self, rows: Rows, which: Ints, keys: Keys) -> Acts:
        """As `Policy.act`; `which[K]` says which of the policies answers each row, in ascending order."""


@runtime_checkable
class Stackable(Protocol):
    """Optional: policies of one build answer faster together. The arena stacks those of a mixture."""

    def build(self) -> Hashable | None:
        """Policies with equal builds can be stacked. None for one that cannot, such as one that still learns."""

    def stack(self, policies: Sequence[Any]) -> Stack:
        """The stack of these policies, all of this one's build; it keeps what they are now."""
