"""What comes of taxes where workers answer as well as they can, and the taxes that are best then.

Workers do not depend on each other (what they are given back adds the same to all that they may choose), so for given
rates the best effort of each is found by looking at all, and the planner's best rates by looking at all of these.

By a flat rate t, with K workers, weights g of mean 1 and G the mean of g weighted by income, the best t' = t (1 - 1/K)
solves `t' / (1 - t') = (1 - G) / (e (1 - G / K))`. For many workers it is Saez's `t = (1 - G) / (1 - G + e)`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from marl.errors import UserError
from marl.types import Floats, Ints
from marl_economy import saez, taxes
from marl_economy.labour.labour import Labour

MOST = 500_000  # schedules to look at


@dataclass(frozen=True)
class Outcome:
    """What comes of rates in one year: `effort[K]` (numbers of levels), `incomes[K]`, `utility[K]`; `welfare`, `output`
    (the mean income) and `equality` (of what is consumed)."""

    rates: tuple[float, ...]
    effort: Ints
    incomes: Floats
    utility: Floats
    welfare: float
    output: float
    equality: float


def best_efforts(economy: Labour, rates: Floats) -> Ints:
    """The best level of each worker by `rates[n, B]`: `int64[n, K]`; of equals, the least."""
    return np.asarray(np.round(economy.payoffs(rates), 12).argmax(axis=-1))


def outcome(economy: Labour, rates: Floats, effort: Ints | None = None) -> Outcome:
    """Of `rates[B]`, where workers make this effort (their best by default)."""
    effort = best_efforts(economy, rates[None])[0] if effort is None else effort
    incomes = economy.skill * economy.effort_of[effort]
    paid = taxes.due(incomes, rates, economy.cutoffs)
    consumed = incomes - paid + paid.mean()
    utility = consumed - economy.cost_of[np.arange(economy.workers), effort]
    welfare = float((economy.weights * utility).mean())
    return Outcome(tuple(rates.tolist()), effort, incomes, utility, welfare, float(incomes.mean()),
                   float(taxes.equality(consumed)))  # fmt: skip


def solution(economy: Labour) -> Outcome:
    """The best rates among those that can be chosen, and what comes of them. UserError where there are too many."""
    levels, brackets = taxes.rate_levels(economy.rate_step), len(economy.cutoffs)
    if levels**brackets > MOST:
        raise UserError(
            f"{levels} rates in {brackets} brackets are {levels**brackets:,} schedules: too many to look at each; a "
            "larger rate_step or fewer cutoffs would do"
        )
    best, most = np.zeros(brackets), -np.inf
    for first in range(levels):
        others = itertools.product(range(levels), repeat=brackets - 1)
        rates = np.array([(first, *rest) for rest in others], dtype=float) * economy.rate_step
        welfare = _welfare(economy, rates)
        if welfare.max() > most + 1e-12:
            best, most = rates[welfare.argmax()], float(welfare.max())
    return outcome(economy, best)


def formula(economy: Labour) -> Outcome:
    """What comes of Saez's formula for piecewise rates, where incomes are those that these rates lead to.

    It is told the true elasticity and what workers count. Rates and incomes are found by going halfway to the rates of
    the formula many times.
    """
    rates = np.full(len(economy.cutoffs), 0.3)
    for _ in range(60):
        incomes = outcome(economy, rates).incomes
        wanted = saez.rates(incomes, economy.cutoffs, economy.params.elasticity, economy.weights)
        rates = 0.5 * rates + 0.5 * wanted
    return outcome(economy, np.round(rates / economy.rate_step) * economy.rate_step)


def textbook(economy: Labour, many: bool = False) -> float:
    """The best flat rate by the formula above; `many`: as if there were infinitely many workers."""
    count, elastic = economy.workers, economy.params.elasticity
    weighed = float(economy.weights @ economy.skill / economy.skill.sum())  # G: incomes are in proportion to skills
    if many:
        return (1.0 - weighed) / (1.0 - weighed + elastic)
    ratio = (1.0 - weighed) / (elastic * (1.0 - weighed / count))
    return ratio / (1.0 + ratio) / (1.0 - 1.0 / count)


def _welfare(economy: Labour, rates: Floats) -> Floats:
    """Social welfare `[n]` by rates `[n, B]`."""
    effort = best_efforts(economy, rates)
    incomes = economy.skill * economy.effort_of[effort]
    paid = taxes.due(incomes, rates, economy.cutoffs)
    cost = np.take_along_axis(
        np.broadcast_to(economy.cost_of, (len(rates), *economy.cost_of.shape)), effort[..., None], 2
    )
    utility = incomes - paid + paid.mean(axis=1, keepdims=True) - cost[..., 0]
    return np.asarray((economy.weights * utility).mean(axis=1))
