"""Alpha-rank's Markov chain: populations of one strategy each, in which mutants now and then take over.

From a profile of strategies, a side's population moves to another strategy with its probability of fixation in a
population of `m`: `(1 - e^-u) / (1 - e^-mu)`, where `u` is `alpha` times what the mutant gains. For large `alpha` only
better replies happen. The chain's stationary distribution ranks profiles.

Fast, since nothing of the chain's structure is thrown away: all deviations of all profiles are one array of `[profiles,
deviations]`, and the chain is solved through its jumps, in logarithms, so that probabilities of 1e-5000 count as they
should. Source: Omidshafiei et al., "Alpha-rank: multi-agent evaluation by evolution", Scientific Reports 9, 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from league.ratings.markov import stationary
from marl.errors import UserError
from marl.types import Array, Floats, Ints


@dataclass
class Params:
    """The evolution."""

    alpha: float = 100.0
    """How strongly better replies are preferred; large values count only who beats whom."""
    population: int = 50
    """The size of each population."""

    def __post_init__(self) -> None:
        if self.alpha <= 0 or self.population < 2:
            raise ValueError("needs alpha > 0 and population >= 2")


def profile_masses(payoffs: Sequence[Array], alpha: float, m: int) -> Floats:
    """The stationary distribution over profiles `[n_0, n_1, ...]`; `payoffs[s]`, of that shape, is side `s`'s.

    Raises UserError for tables with gaps.
    """
    tables = [_checked(table) for table in payoffs]
    shape, profiles = tables[0].shape, tables[0].size
    number = np.arange(profiles).reshape(shape)
    logs, targets = [], []
    for side, table in enumerate(tables):
        mine = np.moveaxis(table, side, -1)
        gain = mine[..., None, :] - mine[..., :, None]  # [..., from, to]
        to = np.broadcast_to(np.moveaxis(number, side, -1)[..., None, :], gain.shape)
        logs.append(_by_profile(_without_staying(log_fixation(alpha * gain, m)), side))
        targets.append(_by_profile(to, side))
    masses = _solve(np.concatenate(logs, axis=1), np.concatenate(targets, axis=1))
    return np.asarray(masses.reshape(shape))


def strategy_masses(payoff: Array, alpha: float, m: int) -> Floats:
    """The stationary distribution `[n]` of one population in a symmetric game; `payoff[i, j]` is `i`'s against `j`."""
    table = _checked(payoff)
    if len(table) == 1:
        return np.ones(1)
    logs = _without_staying(log_fixation(alpha * (table.T - table), m))  # [from, to]
    return _solve(logs, np.broadcast_to(np.arange(len(table)), table.shape))


def log_fixation(u: Array, m: int) -> Floats:
    """The logarithm of a mutant's probability to take over a population of `m`; `u` is its advantage times `alpha`."""
    size = np.abs(u)
    neutral = size < 1e-12
    size = np.where(neutral, 1.0, size)
    favoured = np.log1p(-np.exp(-size)) - np.log1p(-np.exp(-m * size))
    return np.asarray(np.where(neutral, -np.log(m), np.where(u > 0, favoured, favoured - (m - 1) * size)))


def _solve(logs: Floats, targets: Ints) -> Floats:
    """The stationary distribution `[P]` of a chain with log-rates `logs[P, K]` to the states `targets[P, K]`."""
    states, deviations = logs.shape
    if states == 1:
        return np.ones(1)
    top = logs.max(axis=1, keepdims=True)
    rates = np.exp(logs - top)
    total = rates.sum(axis=1, keepdims=True)
    starts = np.arange(0, states * deviations + 1, deviations)
    jumps = csr_array(((rates / total).ravel(), targets.ravel(), starts), shape=(states, states))
    with np.errstate(divide="ignore"):  # a state that is never entered has no mass
        mass = np.log(stationary(jumps)) - (top + np.log(total))[:, 0]
    weights = np.exp(mass - mass.max())
    return np.asarray(weights / weights.sum())


def _without_staying(logs: Floats) -> Floats:
    n = logs.shape[-1]
    logs[..., np.arange(n), np.arange(n)] = -np.inf
    return logs


def _by_profile(values: Array, side: int) -> Array:
    """`[others ..., from, to] -> [profiles, to]`."""
    return np.moveaxis(values, -2, side).reshape(-1, values.shape[-1])


def _checked(payoff: Array) -> Floats:
    table = np.asarray(payoff, dtype=np.float64)
    if not np.isfinite(table).all():
        raise UserError("alpha-rank needs a complete payoff table, and this one has gaps; play the missing pairings")
    return table
