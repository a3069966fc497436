"""A planner that sets the taxes of an economy, and workers that answer: two levels that learn together.

Workers follow mirror descent on the tax of the moment. The planner tries a little more and a little less of each rate,
lets workers learn for some iterations, and goes where welfare grew, by steps that get smaller where it turns round. It
sees welfare alone: not the elasticity, and no formula.

Source: Zheng et al., The AI Economist, Science Advances 8, 2022 (two levels, of which the planner's is slower); Saez,
Review of Economic Studies 68, 2001 (what it should come to); steps: Riedmiller and Braun, RPROP, 1993.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.games.economy import Economy, Params

HIGHEST = 0.95  # a rate
TRIED = 0.03  # how far from a rate the planner looks
FORGOTTEN, SHARPNESS = 0.5, 200.0  # of workers: how fast habits go, and by how much better incomes are preferred


@dataclass(frozen=True)
class Plan:
    """Rates, and what comes of them: welfare, output (mean income), equality (1 less the Gini index of consumption)."""

    rates: tuple[float, ...]
    welfare: float
    output: float
    equality: float


def weights(economy: Economy, aversion: float) -> Floats:
    """How much each kind of worker counts, `[skills]`, 1 in the mean: `skill^-aversion`; 0: all alike."""
    found = economy.skill**-aversion
    return np.asarray(found / found.mean())


def saez(economy: Economy, aversion: float) -> float:
    """The best flat rate, `(1 - G) / (1 - G + e)`: by any flat rate incomes are in proportion to skills."""
    share = float(weights(economy, aversion) @ economy.skill / economy.skill.sum())
    return (1.0 - share) / (1.0 - share + economy.params.elasticity)


def judged(economy: Economy, logits: Floats, aversion: float) -> Plan:
    """What comes of a tax, where workers do what these logits say."""
    along = exact.flow(economy, exact.softmax(logits))
    shares, utility = economy.earned(along[-1]), economy.final(along[-1]).reshape(economy.params.skills, -1)[:, 1:]
    welfare = float((weights(economy, aversion)[:, None] * shares * utility).sum())
    consumed = economy.income - economy.tax + economy.shared(along[-1])
    return Plan(tuple(economy.params.rates), welfare, float(shares.sum(axis=0) @ economy.income),
                1.0 - gini(consumed, shares.sum(axis=0)))  # fmt: skip


def gini(values: Floats, shares: Floats) -> float:
    """The Gini index of values `[n]` that so many have, `[n]`; 0 where all have the same."""
    mean = float(values @ shares)
    apart = np.abs(values[:, None] - values[None])
    return float(shares @ apart @ shares / (2.0 * mean)) if mean > 0 else 0.0


def answered(params: Params, logits: Floats, iterations: int) -> tuple[Economy, Floats]:
    """Workers learn for some iterations, from the logits of what they did before: the economy, and their new logits.

    They follow mirror descent that forgets: so a habit is given up in a few iterations, where plain mirror descent
    would stay with it for long, and the planner would take workers for less elastic than they are.
    """
    economy = Economy(params)
    for _ in range(iterations):
        q, _ = exact.best_response(economy, exact.flow(economy, exact.softmax(logits)))
        logits = (1.0 - FORGOTTEN) * logits + FORGOTTEN * SHARPNESS * q
    return economy, logits


def planned(params: Params, aversion: float, rounds: int = 30, iterations: int = 8) -> Iterator[Plan]:
    """The plans of a planner that learns, from those of `params`, one a round, with workers that learn along."""
    rates, logits = np.array(params.rates), exact.logits(Economy(params))
    steps, last = np.full(len(rates), 0.1), np.zeros(len(rates))
    for _ in range(rounds):
        slope = np.zeros(len(rates))
        for bracket in range(len(rates)):
            found = []
            for side in (1.0, -1.0):
                tried = rates.copy()
                tried[bracket] = np.clip(tried[bracket] + side * TRIED, 0.0, HIGHEST)
                economy, then = answered(replace(params, rates=tried.tolist()), logits, iterations)
                found.append(judged(economy, then, aversion).welfare)
            slope[bracket] = np.sign(found[0] - found[1])
        steps *= np.where(slope * last < 0, 0.5, 1.1)
        last = slope
        rates = np.clip(rates + slope * steps, 0.0, HIGHEST)
        economy, logits = answered(replace(params, rates=rates.tolist()), logits, iterations)
        yield judged(economy, logits, aversion)
