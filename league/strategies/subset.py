"""The meta-strategy among some of the players only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from marl.errors import UserError
from marl.types import Floats


def among(payoffs: Payoffs, chosen: Sequence[Sequence[int]]) -> Payoffs:
    """The payoffs of these players of each population, by number, in this order."""
    axes = payoffs.by_side([np.asarray(one, dtype=np.int64) for one in chosen])
    inside, every = np.ix_(*axes), np.ix_(np.arange(len(payoffs.mean)), *axes)
    firsts = []
    for first, places in zip(payoffs.first, chosen, strict=True):
        same = first[list(places)].tolist()
        firsts.append(np.array([same.index(one) for one in same], dtype=np.int64))
    return Payoffs(payoffs.mean[every], payoffs.count[inside], payoffs.m2[every], tuple(firsts), payoffs.symmetric)


def solved_among(
    payoffs: Payoffs, chosen: Sequence[Sequence[int]], solve: Callable[[Payoffs], list[Floats] | Joint], strategy: str
) -> list[Floats]:
    """The meta-strategy of each population, `float64[n]`, in which only these players may have weight.

    Raises UserError where it is a joint one.
    """
    solved = solve(among(payoffs, chosen))
    if isinstance(solved, Joint):
        raise UserError(f"{strategy} answers mixtures, and its meta-solver gives a joint distribution")
    found = [np.zeros(len(first)) for first in payoffs.first]
    for weights, places, mixture in zip(found, chosen, solved, strict=True):
        weights[list(places)] = mixture
    return found
