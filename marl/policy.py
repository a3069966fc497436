"""Policies: what maps observations to actions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from marl.env import Environment, Rows, Turn
from marl.types import Array, Floats, Ints, Keys


@dataclass(slots=True)
class Acts:
    """A policy's answer to K rows.

    `action`: `[K, ...]` as the group's action space says. `logp`: `float64[K]`, the log-probability (or density) of
    each action. `value`: `[K]`, or `[K, C]` with one for each of C rewards, or None where the policy estimates none.
    `memory`: `[K, ...]`, or None.
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
class TeamPolicy(Protocol):
    """Optional: a policy whose agents of one side hear or see what their teammates do. It is asked for all of them at
    once, whatever groups they are in, and has one memory for each side, not one for each agent."""

    def team_memory(self, teams: int) -> Array | None:
        """The memory `[teams, ...]` of sides whose match begins, all zero; None for a policy without."""

    def act_together(
        self, turn: Turn, teams: Sequence[Ints | None], memory: Array | None, keys: Sequence[Keys | None]
    ) -> tuple[list[Acts | None], Array | None]:
        """Choose actions for all rows that one tick asks this policy for, and what its teams remember then.

        By group: the rows, `int64[K]`, the number of each row's team (a side of a match) among the P of this call, and
        `uint64[K]` (see `Policy.act`); None where nobody of the group acts. `memory`: `[P, ...]`. What is chosen for a
        team depends on its own rows, memory and keys alone.
        """


@runtime_checkable
class SearchPolicy(Protocol):
    """Optional: a policy that tries actions out in copies of the matches. Arena and referee ask it so, and not by
    `Policy.act`, which it needs all the same: there it answers what it can without them, or refuses. It has no memory.
    """

    def search(self, rows: Rows, matches: Environment, keys: Keys) -> Acts:
        """Choose actions for K rows of one group, whose matches are in the lanes `rows.lane` of `matches`.

        These are the true matches: they may be copied (`marl.env.Searchable`), and must not be stepped. Whoever sees
        less than all of a match must not search, see `EnvSpec.perfect_information`.
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
