"""What a solver is: from one policy to the next, until nobody gains by deviating."""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

from marl.types import Array, Floats
from marl_meanfield.game import MeanFieldGame

State: TypeAlias = dict[str, Array]  # what a solver has; "policy" `[T, P, A, S]` is the policy of this moment


class Solver(Protocol):
    """Finds equilibria of mean-field games, step by step. All it knows is in its state, so that runs resume."""

    def start(self, game: MeanFieldGame) -> State:
        """The state before the first step; its "policy" is uniform unless there is a reason."""

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """Change a state in place, by one step.

        `along`: the flow of its policy, `[T + 1, P, S]`. `number`: of the step, from 1.
        """


@runtime_checkable
class OtherAim(Solver, Protocol):
    """A solver of another equilibrium than Nash's, and how far it is from that: runs measure, show and stop on it."""

    @property
    def gap_of(self) -> str:
        """What `gap` is called, as in "CCE gap"."""

    def gap(self, game: MeanFieldGame, state: State) -> float:
        """What is gained by leaving what the state's device says, at most; 0 at the equilibrium."""
