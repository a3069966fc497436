"""Where every player stands in the final mixture: weights and returns."""

from __future__ import annotations

from functools import reduce

import numpy as np

from league.view import LeagueView
from marl.types import Floats


def final_weights(view: LeagueView) -> tuple[Floats, ...]:
    """Each population's last mixture over all its players; players added since, or before any mixture, weigh 0."""
    result = []
    for side, players in enumerate(view.populations):
        weights = np.zeros(len(players))
        if view.iterations:
            mixture = view.iterations[-1].mixtures[side][: len(players)]
            weights[: len(mixture)] = mixture
        result.append(weights)
    return tuple(result)


def returns_against(view: LeagueView, weights: tuple[Floats, ...]) -> tuple[Floats, ...]:
    """What each player earns against the others' mixtures, by population; NaN where a needed pairing is unknown."""
    sides = tuple(view.payoffs.by_side(weights))
    return tuple(one_side(view.payoffs[side], sides, side) for side in range(len(weights)))


def one_side(payoff: Floats, weights: tuple[Floats, ...], side: int) -> Floats:
    """The payoff `[n_0, n_1, ...]` averaged over every axis but `side`; zero weights hide NaN, others spread it."""

    def fold(table: Floats, axis: int) -> Floats:
        if axis == side:
            return table
        shape = [1] * table.ndim
        shape[axis] = -1
        weight = weights[axis].reshape(shape)
        return np.asarray(np.where(weight > 0, table * weight, 0.0).sum(axis=axis, keepdims=True))

    if any(not weights[axis].any() for axis in range(payoff.ndim) if axis != side):
        return np.full(payoff.shape[side], np.nan)
    return reduce(fold, range(payoff.ndim), payoff).reshape(-1)


def support(weights: Floats) -> int:
    """How many players a mixture really uses: those above a millionth."""
    return int((weights > 1e-6).sum())
