"""Meta-solvers: one small file each. A new one is a class with `__call__`; see `uniform.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.types import Floats


class MetaSolver(Protocol):
    """Turns a payoff table into one mixture per side, or into a joint distribution over pairings."""

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats] | Joint:
        """`payoffs[s]`: side `s`'s mean return, `[n_0, n_1, ...]`. Returns `S` distributions, `float64[n_s]`, or one.

        A `league.payoffs.joint.Joint` is one over pairings, `float64[n_0, n_1, ...]`: players of all sides are drawn
        together, in the meta-strategy and for the best responses to it.

        Players that are the same count as often as they are there: a uniform mixture over best responses is fictitious
        play because a repeated one weighs more. One that only asks who is there works on `payoffs.distinct()`.
        Where `payoffs.symmetric`, one population plays all sides and all follow one mixture: the distributions are the
        same for all of them, and a joint one is made so, by the mean over exchanges. Raises UserError for a game that
        it cannot solve.
        """
