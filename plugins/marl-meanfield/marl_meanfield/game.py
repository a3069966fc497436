"""What a mean-field game is: one agent among infinitely many, who meets only their distribution.

Time is `0 .. T`; at each time before `T` an agent in a state takes an action, is paid, and moves. What it is paid, and
how it moves, may depend on the distribution of each population at that time. Arrays are `[P, A, S]`: populations,
actions, states; states come last, since there are most of them and what is done for each of them runs along memory.
"""

from __future__ import annotations

from typing import Protocol

from marl.types import Bools, Floats


class MeanFieldGame(Protocol):
    """A mean-field game with finitely many states, actions and times. All populations have equally many of them.

    Source: Perrin et al., Fictitious play for mean field games, NeurIPS 2020, section 2 (finite horizon).
    """

    @property
    def populations(self) -> tuple[str, ...]:
        """The names of the P populations."""

    @property
    def states(self) -> int:
        """S."""

    @property
    def actions(self) -> int:
        """A."""

    @property
    def horizon(self) -> int:
        """T: how many actions an agent takes."""

    @property
    def layout(self) -> tuple[int, ...]:
        """How states lie in a picture: `(S,)` along a line, `(rows, columns)` on a grid."""

    @property
    def initial(self) -> Floats:
        """The distribution at time 0, `[P, S]`; each row sums to 1."""

    @property
    def legal(self) -> Bools | None:
        """Which actions there are, bool `[T or 1, P, A, S]`; None: all. Every state has one, reachable or not."""

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """What actions pay at some times: `[n, P, A, S]`, or anything that broadcasts to it.

        `times`: `n` times in order; `flow` `[n, P, S]`: the distributions at these times. Always finite.
        """

    def final(self, distribution: Floats) -> Floats:
        """What states pay when it is over, given the distribution `[P, S]` at time T: `[P, S]`."""

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """Where agents go: from how many take which action where, `[P, A, S]`, to how many are where, `[P, S]`.

        `distribution` `[P, S]` is that of `time`.
        """

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """What is to be expected of going: from the values of states at `time + 1`, `[P, S]`, to those of actions.

        A new array `[P, A, S]`. It is the transpose of `push`: `sum(push(mass) * values) == sum(mass * pull(values))`.
        Where agents go may depend on how many go there: `distribution` is that of `time`, `following` that of the next.
        """
