"""Correlated equilibria of mean-field games: a device draws how the population is spread, and tells agents what to do.

The device draws shares `[P, K]` of policies, one of M with chances `[M]`; each agent is told a policy drawn from them.
In a *coarse* correlated equilibrium nobody gains by saying beforehand that he will not listen; in a *correlated* one
nobody does by playing another policy after he was told his. What is gained at most is exact here, over all policies.

Source: Muller et al., Learning correlated equilibria in mean-field games, 2022 (arXiv:2208.10138), and Learning
equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022 (arXiv:2111.08350).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from marl.types import Floats, Ints
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import Paying, Restricted, rewards

NEVER = 1e-12  # chances below this are none


@dataclass(frozen=True)
class Device:
    """It draws one of M `shares` `[M, P, K]` of the policies of a restricted game with `chances` `[M]`."""

    restricted: Restricted
    shares: Floats
    chances: Floats

    def value(self) -> Floats:
        """What agents who listen earn, `[P]`."""
        paid = payoffs(self.restricted, self.shares)
        return np.asarray(np.einsum("m,mpk,mpk->p", self.chances, self.shares, paid))

    def worth(self, weights: Floats) -> tuple[Ints, Floats]:
        """The best policy `[T, P, S]` against draws with these weights, `[P, M]`, and what it earns, `[P]`.

        Weights need not sum to 1. An agent does not see how the population is spread, so what he is paid is the mean.
        """
        game = self.restricted.game
        paid: Floats = np.zeros((game.horizon, len(game.populations), game.actions, game.states))
        last: Floats = np.zeros_like(game.initial)
        for number, shares in enumerate(self.shares):
            along, weight = self.restricted.along(shares), weights[:, number]
            paid = paid + weight[:, None, None] * rewards(game, along)
            last = last + weight[:, None] * game.final(along[-1])
        found, best = exact.best_response(Paying(game, paid, last), game_flow(game))
        return found.argmax(axis=2), best

    def coarse(self) -> tuple[float, list[Ints]]:
        """What is gained by not listening, at most, and the policy with which."""
        response, best = self.worth(np.tile(self.chances, (len(self.restricted.game.populations), 1)))
        return float((best - self.value()).sum()), [response]

    def swapped(self) -> tuple[float, list[Ints]]:
        """What is gained by other policies than those that one is told, at most, and those with the most gain first."""
        told = self.chances[:, None, None] * self.shares
        earned = np.einsum("mpk,mpk->k", told, payoffs(self.restricted, self.shares))
        found: list[tuple[float, Ints]] = []
        for number in np.flatnonzero(told.sum(axis=(0, 1)) > NEVER).tolist():
            response, best = self.worth(told[:, :, number].T)
            found.append((float(best.sum() - earned[number]), response))
        found.sort(key=lambda one: -one[0])
        return sum(gain for gain, _ in found), [response for _, response in found]


def game_flow(game: MeanFieldGame) -> Floats:
    """Any flow, `[T + 1, P, S]`, for who does not look at it."""
    return np.broadcast_to(game.initial, (game.horizon + 1, *game.initial.shape))


def payoffs(restricted: Restricted, shares: Floats) -> Floats:
    """What each policy earns for each of M shares: `[M, P, K]`."""
    return np.stack([restricted.payoffs(restricted.along(one)) for one in shares])


def played(restricted: Restricted, shares: Floats, steps: int) -> Iterator[Floats]:
    """The shares `[P, K]` at each step of Hedge, whose mean is a coarse correlated equilibrium in the end.

    Source: Muller et al., AAMAS 2022, on learners without adversarial regret; Auer et al. 2002, rates `sqrt(1 / n)`.
    """
    sums, spread = np.log(np.maximum(shares, NEVER)), NEVER
    for number in range(1, steps + 1):
        now = np.exp(sums - sums.max(axis=1, keepdims=True))
        now /= now.sum(axis=1, keepdims=True)
        yield now
        paid = restricted.payoffs(restricted.along(now))
        spread = max(spread, float((paid.max(axis=1) - paid.min(axis=1)).max()))
        sums = sums + paid / (spread * np.sqrt(number)) * np.log(2 + paid.shape[1])


def chosen(shares: Floats, paid: Floats, swaps: bool) -> Floats:
    """The chances `[M]` of the best device within a restricted game: no gain by leaving it, then the largest value.

    `shares`, `paid` `[M, P, K]`. Both are linear programs; a solution of theirs has few draws with a chance above 0,
    which Muller et al. call compression.
    """
    count = len(shares)
    earned = (shares * paid).sum(axis=2)  # [M, P]
    swapped = shares[:, :, :, None] * (paid[:, :, None, :] - paid[:, :, :, None]) if swaps else None
    gains = paid - earned[:, :, None] if swapped is None else swapped
    rows = gains.reshape(count, -1).T
    rows = rows[np.abs(rows).max(axis=1) > 0] if rows.size else rows
    even = np.full(count, 1.0 / count)
    limits = np.concatenate([rows, -np.ones((len(rows), 1))], axis=1)
    least = linprog(
        np.append(np.zeros(count), 1.0), A_ub=limits, b_ub=np.zeros(len(rows)),
        A_eq=np.append(np.ones(count), 0.0)[None], b_eq=[1.0], bounds=[(0, None)] * (count + 1), method="highs",
    )  # fmt: skip
    if not least.success:
        return even
    slack = float(least.x[-1]) + 1e-9
    most = linprog(
        -earned.sum(axis=1), A_ub=rows, b_ub=np.full(len(rows), slack), A_eq=np.ones((1, count)), b_eq=[1.0],
        bounds=[(0, None)] * count, method="highs",
    )  # fmt: skip
    found = np.maximum(most.x if most.success else least.x[:-1], 0.0)
    found[found < NEVER] = 0.0
    return np.asarray(found / found.sum())
