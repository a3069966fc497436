"""Saez's formula: the best marginal rates, by how incomes are distributed and how elastic they are.

At an income z the best rate is `(1 - G) / (1 - G + a e)`: G is what those who earn z or more count on average (weights
are inverse incomes, with mean 1), a is `z f(z) / (1 - F(z))`, and e is the elasticity of income, by how many percent it
grows where what is left of the last coin grows by one. In the top bracket a is `m / (m - z)`, m the mean income in it.

Source: Saez, "Using elasticities to derive optimal income tax rates", Review of Economic Studies 68, 2001; binned and
estimated by a regression as in ai-economist (`PeriodicBracketTax`), here with one bin for each bracket.
"""

from __future__ import annotations

import itertools

import numpy as np

from marl.types import Bools, Floats

HIGHEST = 1.0


def elasticity(incomes: Floats, marginal: Floats) -> float:
    """The slope of log income over log (1 - marginal rate), least squares over pairs `[n]`, at least 0.

    Incomes of 0 and rates of 1 are left out. Raises ValueError where too little varies to tell.
    """
    known = (incomes > 0) & (marginal < 1)
    kept = np.log1p(-marginal[known])
    if len(kept) < 10 or kept.std() < 1e-6:
        raise ValueError(f"{len(kept)} incomes at unlike rates are too few to tell an elasticity: let rates vary more")
    slope = np.polyfit(kept, np.log(incomes[known]), 1)[0]
    return max(0.0, float(slope))


def rates(incomes: Floats, cutoffs: Floats, elastic: float) -> Floats:
    """The formula's rate for each bracket that begins at `cutoffs[B]`, given incomes `[n]`, n at least 1.

    Between brackets that have incomes, rates go in a straight line; below the first, from 0; above the last they stay.
    """
    incomes = np.maximum(np.asarray(incomes, dtype=float), 0.0)
    weights = 1.0 / np.maximum(incomes, 1.0)
    weights /= weights.mean()
    edges = np.append(cutoffs, np.inf)
    found = np.full(len(cutoffs), np.nan)
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (incomes >= low) & (incomes < high)
        if inside.any():
            found[index] = _rate(incomes, weights, inside, low, high, elastic)
    return np.clip(_filled(found), 0.0, HIGHEST)


def _rate(incomes: Floats, weights: Floats, inside: Bools, low: float, high: float, elastic: float) -> float:
    """Of one bracket: in its middle, as if those inside were spread evenly."""
    above = incomes >= high
    if np.isinf(high):
        mean = incomes[inside].mean()
        shape, count = mean / max(mean - low, 1e-9), weights[inside].mean()
    else:
        beyond = above.mean() + 0.5 * inside.mean()
        shape = 0.5 * (low + high) * inside.mean() / (high - low) / beyond
        at_least_low = weights[inside | above].mean()
        count = 0.5 * (at_least_low + (weights[above].mean() if above.any() else at_least_low))
    missing = 1.0 - count
    return float(missing / (missing + shape * elastic + 1e-9))


def _filled(found: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(found))
    return np.asarray(np.interp(np.arange(len(found)), np.append(-1, known), np.append(0.0, found[known])))
