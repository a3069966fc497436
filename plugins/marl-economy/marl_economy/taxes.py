"""Taxes by brackets, and how a society is judged.

The measures are those of Zheng et al., "The AI Economist", Science Advances 8, 2022, as its open-source code has them
(ai-economist, `social_metrics.py`, `rewards.py`): equality is 1 less the Gini index of coin, scaled so that it is 0
where one has everything; productivity is the mean coin.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from marl.types import Array, Floats

# Of the United States, single filers, 2018: where brackets begin, in thousands of dollars, and their rates.
US_CUTOFFS = (0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3)
US_RATES = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)


def checked_cutoffs(cutoffs: Sequence[float]) -> None:
    """Raises ValueError unless brackets begin at 0 and go up."""
    if not cutoffs or cutoffs[0] != 0 or any(low >= high for low, high in itertools.pairwise(cutoffs)):
        raise ValueError(f"cutoffs must begin with 0 and go up, as [0, 10, 40] does, not {list(cutoffs)}")


def checked_step(step: float) -> None:
    """Raises ValueError unless rates so far apart, from 0 on, end with 1."""
    if not 0 < step <= 1 or abs(1 / step - round(1 / step)) > 1e-9:
        raise ValueError(f"rate_step must divide 1 into equal parts, as 0.1 or 0.05 does, not {step}")


def rate_levels(step: float) -> int:
    """How many rates there are from 0 to 1."""
    return round(1 / step) + 1


def due(income: Floats, rates: Floats, cutoffs: Floats) -> Floats:
    """What is due on incomes `[..., K]` by marginal rates `[..., B]` of brackets that begin at `cutoffs[B]`."""
    wide = np.diff(cutoffs, append=np.inf)
    within = np.clip(income[..., None] - cutoffs, 0.0, wide)  # [..., K, B]
    return np.asarray((within * rates[..., None, :]).sum(axis=-1))


def bracket(income: Floats, cutoffs: Floats) -> Array:
    """In which bracket incomes `[...]` are; those below 0 are in the first."""
    return np.maximum(np.searchsorted(cutoffs, income, side="right") - 1, 0)


def marginal(income: Floats, rates: Floats, cutoffs: Floats) -> Floats:
    """The rate on the next coin of incomes `[..., K]`, by rates `[..., B]`."""
    return np.asarray(np.take_along_axis(rates, bracket(income, cutoffs), axis=-1))


def equality(coin: Floats) -> Floats:
    """1 less the Gini index of `coin[..., K]`, from 0 (one has it all) to 1 (all alike, or nobody has any)."""
    count = coin.shape[-1]
    ranks = 2 * np.arange(1, count + 1) - count - 1
    apart = 2 * (np.sort(coin, axis=-1) * ranks).sum(axis=-1)  # the sum of |c_i - c_j| over all pairs
    gini = apart / (2 * count * np.maximum(coin.sum(axis=-1), 1e-9))
    return np.asarray(1.0 - gini * count / max(count - 1, 1))


def productivity(coin: Floats) -> Floats:
    """The mean of `coin[..., K]`."""
    return np.asarray(coin.mean(axis=-1))


def inverse_income_weighted(coin: Floats, utility: Floats) -> Floats:
    """The mean utility `[..., K]`, by weights in proportion to 1 / coin (at least 1)."""
    weights = 1.0 / np.maximum(coin, 1.0)
    return np.asarray((weights * utility).sum(axis=-1) / weights.sum(axis=-1))
