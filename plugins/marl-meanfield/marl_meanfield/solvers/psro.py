"""Mean-field PSRO: a population of best responses, and the Nash equilibrium of who plays which of them.

Each step adds the best response to the distribution so far, and solves the restricted game again. Its payoffs are not
linear in the shares of policies, so no linear program does it; where the crowd is shunned the extragradient method
does, and elsewhere the best shares that were met stay.

Source: Muller et al., Learning equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022
(arXiv:2111.08350); Korpelevich, The extragradient method for finding saddle points, 1976, with the step found as in
Khobotov 1987.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import above, at_least
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import Restricted, respond
from marl_meanfield.solver import State

LONGEST, SHORTEST = 1e6, 1e-12  # steps of the extragradient method


@dataclass
class Params:
    """Of mean-field PSRO."""

    meta_steps: int = 200
    """Steps of the extragradient method in the restricted game, at most."""
    meta_gap: float = 1e-6
    """What nobody gains more than within the restricted game, where that takes fewer steps."""

    def __post_init__(self) -> None:
        at_least(self, 1, "meta_steps")
        above(self, 0, "meta_gap")


class PSRO:
    """Respond to the population, and find out anew how often each response is played."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`. Besides the policy: the responses, their flows, and the shares `[P, K]` of each."""
        empty = Restricted.empty(game, "meanfield/psro")
        shares = np.zeros((len(game.populations), 0))
        return {"policy": exact.uniform(game), "shares": shares, **empty.arrays()}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        restricted = Restricted.of(game, state).joined(respond(game, along))
        shares = widened(state["shares"], len(restricted.responses))
        state["shares"] = nash(restricted, shares, self.params.meta_steps, self.params.meta_gap)
        state.update(restricted.arrays())
        state["policy"][...] = restricted.policy(state["shares"])


def widened(shares: Floats, count: int) -> Floats:
    """Shares `[P, count]`, in which policies that are new have as much as an even share."""
    if shares.shape[1] == count:
        return shares
    new = (count - shares.shape[1]) / count
    added = np.full((len(shares), count - shares.shape[1]), 1.0 / count)
    return np.concatenate([shares * (1.0 - new), added], axis=1)


def nash(restricted: Restricted, shares: Floats, steps: int, goal: float) -> Floats:
    """Shares `[P, K]` from which nobody gains more than `goal` by another of the K policies, or the best met."""
    best, best_gap, length = shares, np.inf, 1.0
    for _ in range(steps):
        paid = restricted.payoffs(restricted.along(shares))
        gap = float((paid.max(axis=1) - (shares * paid).sum(axis=1)).sum())
        if gap < best_gap:
            best, best_gap = shares, gap
        if gap < goal:
            break
        while True:
            ahead = projected(shares + length * paid)
            there = restricted.payoffs(restricted.along(ahead))
            after = projected(shares + length * there)
            moved = ((ahead - shares) ** 2).sum() + ((after - ahead) ** 2).sum()
            if length * np.abs((there - paid) * (after - ahead)).sum() <= 0.5 * moved or length < SHORTEST:
                break
            length *= 0.5
        shares, length = after, min(1.2 * length, LONGEST)
    return best


def projected(points: Floats) -> Floats:
    """The nearest shares to each row: none below 0, and their sum 1. Source: Held, Wolfe, Crowder 1974."""
    falling = np.sort(points, axis=1)[:, ::-1]
    over = np.cumsum(falling, axis=1) - 1.0
    count = (falling * np.arange(1, points.shape[1] + 1) > over).sum(axis=1)
    level = over[np.arange(len(points)), count - 1] / count
    return np.asarray(np.maximum(points - level[:, None], 0.0))
