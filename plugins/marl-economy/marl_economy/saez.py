"""Saez's formula: the best marginal rates, by how incomes are distributed and how elastic they are.

The rate of a bracket is `(1 - G) / (1 - G + a e)`. A little more of it takes, of each income, in proportion to what
lies in the bracket: G is what the payers count on average, weighted by that (by default incomes count by their inverse,
1 in the mean). And those whose income ends in the bracket earn less: a is their incomes over all that lies in it, and e
the elasticity of income, by how many percent it grows where what is left of the last coin grows by one. For one bracket
that is the textbook's linear tax; for the top one, from z on, a is `m / (m - z)`, m the mean income in it; for many
narrow ones it is the formula of the optimal nonlinear tax, whose a is `z f(z) / (1 - F(z))`.

Source: Saez, "Using elasticities to derive optimal income tax rates", Review of Economic Studies 68, 2001; elasticity
by a regression, and gaps filled, as in ai-economist (`PeriodicBracketTax`), which has narrow bins instead of brackets.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from marl.types import Floats


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


def rates(incomes: Floats, cutoffs: Floats, elastic: float, weights: Floats | None = None) -> Floats:
    """The formula's rate for each bracket that begins at `cutoffs[B]`, given incomes `[n]`, n at least 1.

    `weights[n]`: what each counts, 1 in the mean. Between brackets in which incomes end, rates go in a straight line;
    below the first, from 0; above the last they stay.
    """
    incomes = np.maximum(np.asarray(incomes, dtype=float), 0.0)
    if weights is None:
        weights = 1.0 / np.maximum(incomes, 1.0)
        weights /= weights.mean()
    edges = np.append(cutoffs, np.inf)
    found = np.full(len(cutoffs), np.nan)
    for index, (low, high) in enumerate(pairwise(edges)):
        within = np.clip(incomes - low, 0.0, high - low)
        ending = incomes[(incomes >= low) & (incomes < high)].sum()
        if ending > 0 and within.sum() > 0:
            missing = max(0.0, 1.0 - float(weights @ within / within.sum()))
            found[index] = missing / (missing + float(ending / within.sum()) * elastic + 1e-9)
    return np.clip(_filled(found), 0.0, 1.0)


def _filled(found: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(found))
    return np.asarray(np.interp(np.arange(len(found)), np.append(-1, known), np.append(0.0, found[known])))
