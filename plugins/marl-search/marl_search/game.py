"""Games that can be searched: what is needed of them, and their returns on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marl.env import Environment, EnvSpec, Rows, Searchable
from marl.errors import UserError
from marl.space import Discrete
from marl.types import Bools, Floats


@dataclass(frozen=True)
class Facts:
    """What a search has to know of a game. Raises UserError, which names who searches, where it cannot be searched.

    `actions`: A, the most that an agent may choose among.
    """

    spec: EnvSpec
    who: str

    def __post_init__(self) -> None:
        spec, who = self.spec, self.who
        if spec.dynamics != "turns":
            raise UserError(f"{who} searches games of turns, and here several act at the same time")
        if not spec.perfect_information:
            raise UserError(
                f"{who} looks ahead from the true match, which players must know for that: here something is hidden, "
                "or the environment does not say that nothing is (EnvSpec.perfect_information)"
            )
        if not spec.deterministic:
            raise UserError(
                f"{who} looks ahead by what actions lead to, and here chance decides too, or the environment does not "
                "say that it never does (EnvSpec.deterministic)"
            )
        if wrong := [group.action for group in spec.groups if not isinstance(group.action, Discrete)]:
            raise UserError(f"{who} tries actions one by one, and these are {wrong[0]}, not Discrete")
        if not np.isfinite(spec.returns).all() or spec.returns[0] >= spec.returns[1]:
            raise UserError(f"{who} weighs returns by their bounds, and EnvSpec.returns is {spec.returns}")

    @cached_property
    def actions(self) -> int:
        """A, the most actions that an agent may choose among."""
        return max(group.action.n for group in self.spec.groups if isinstance(group.action, Discrete))

    @cached_property
    def sides(self) -> Floats:
        """Which agent is on which side, `float64[N, S]`, to sum rewards by."""
        return np.eye(len(self.spec.sides))[self.spec.side_of]

    def legal(self, rows: Rows) -> Bools:
        """What the agents of these rows may do, `bool[K, A]`."""
        own = self.spec.groups[rows.group].action
        mask = np.zeros((len(rows), self.actions), dtype=np.bool_)
        assert isinstance(own, Discrete)
        mask[:, : own.n] = True if rows.mask is None else rows.mask
        return mask

    def scaled(self, returns: Floats) -> Floats:
        """Returns from -1, the least, to 1, the most."""
        low, high = self.spec.returns
        return np.asarray(2 * (returns - low) / (high - low) - 1)


def searchable(matches: Environment, who: str) -> Searchable:
    """The same environment. Raises UserError where its matches cannot be copied."""
    if not isinstance(matches, Searchable):
        raise UserError(
            f"{who} tries actions out in copies of a match, and this environment cannot copy one: it needs `sized` and "
            "`copy_from` (marl.env.Searchable)"
        )
    return matches
