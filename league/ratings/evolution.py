"""Alpha-rank's Markov chain: populations of one strategy each, in which mutants now and then take over.

From a profile of strategies, a side's population moves to another strategy with its probability of fixation in a
population of `m`: `(1 - e^-u) / (1 - e^-mu)`, where `u` is `alpha` times what the mutant gains. For large `alpha` only
better replies happen. The chain's stationary distribution ranks profiles.

Fast, since nothing of the chain's structure is thrown away: all deviations of many profiles are one array of
`[profiles, deviations]`, and the chain is solved through its jumps, in logarithms, so that probabilities of 1e-5000
count as they should.
Source: Omidshafiei et al., "Alpha-rank: multi-agent evaluation by evolution", Scientific Reports 9, 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from league.ratings.markov import LARGEST, LOST, stationary
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


_LOST_BESIDE_ONE = 40.0  # exp of minus this
_BLOCK = 1 << 19  # deviations at once: what a cache holds


def profile_masses(payoffs: Sequence[Array], alpha: float, m: int) -> Floats:
    """The stationary distribution over profiles `[n_0, n_1, ...]`; `payoffs[s]`, of that shape, is side `s`'s.

    Raises UserError for tables with gaps.
    """
    tables = [_checked(table) for table in payoffs]
    shape, profiles = tables[0].shape, tables[0].size
    block = max(1, _BLOCK // sum(shape))
    blocks = (np.arange(start, min(start + block, profiles)) for start in range(0, profiles, block))
    return _solve((_deviations(tables, chosen, alpha, m) for chosen in blocks), profiles).reshape(shape)


def strategy_masses(payoff: Array, alpha: float, m: int) -> Floats:
    """The stationary distribution `[n]` of one population in a symmetric game; `payoff[i, j]` is `i`'s against `j`."""
    table = _checked(payoff)
    logs = log_fixation(alpha * (table.T - table), m)  # [from, to]
    np.fill_diagonal(logs, -np.inf)
    return _solve([(logs, np.broadcast_to(np.arange(len(table)), table.shape))], len(table))


def log_fixation(u: Array, m: int) -> Floats:
    """The logarithm of a mutant's probability to take over a population of `m`; `u` is its advantage times `alpha`."""
    size = np.abs(u)
    with np.errstate(divide="ignore"):  # what is near 0 follows
        logs = np.log(1.0 - np.exp(-size))
    near = size < 1.0
    logs[near] = np.log(-np.expm1(-np.maximum(size[near], 1e-12)))
    counts = m * size < _LOST_BESIDE_ONE
    logs[counts] -= np.log(-np.expm1(-m * np.maximum(size[counts], 1e-12)))
    logs[size < 1e-12] = -np.log(m)
    logs -= np.where(u < 0, (m - 1) * size, 0.0)
    return np.asarray(logs)


def _deviations(tables: Sequence[Floats], profiles: Ints, alpha: float, m: int) -> tuple[Floats, Ints]:
    """Log-rates and targets `[B, n_0 + n_1 + ...]` of all deviations from so many profiles."""
    shape = tables[0].shape
    place = np.unravel_index(profiles, shape)
    rows, logs, targets = np.arange(len(profiles)), [], []
    for side, table in enumerate(tables):
        own = place[side]
        earns = np.moveaxis(table, side, -1)[tuple(at for other, at in enumerate(place) if other != side)]
        earns = np.broadcast_to(earns, (len(rows), shape[side]))
        rate = log_fixation(alpha * (earns - earns[rows, own][:, None]), m)
        rate[rows, own] = -np.inf
        step = int(np.prod(shape[side + 1 :]))
        logs.append(rate)
        targets.append(profiles[:, None] + step * (np.arange(shape[side]) - own[:, None]))
    return np.concatenate(logs, axis=1), np.concatenate(targets, axis=1)


def _solve(blocks: Iterable[tuple[Floats, Ints]], states: int) -> Floats:
    """The stationary distribution `[P]` of a chain. `blocks`: rows of log-rates `[B, K]` and their targets `[B, K]`."""
    if states == 1:
        return np.ones(1)
    least = LOST if states > LARGEST else 0.0  # what is too large to be eliminated is iterated
    data, indices, counts, scales = [], [], [], []
    for logs, targets in blocks:
        top = logs.max(axis=1, keepdims=True)
        rates = np.exp(logs - top)
        total = rates.sum(axis=1, keepdims=True)
        rates /= total
        kept = rates > least
        data.append(rates[kept])
        indices.append(targets[kept])
        counts.append(kept.sum(axis=1))
        scales.append((top + np.log(total))[:, 0])
    ends = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    jumps = csr_array((np.concatenate(data), np.concatenate(indices), ends), shape=(states, states))
    with np.errstate(divide="ignore"):  # a state that is never entered has no mass
        mass = np.log(stationary(jumps)) - np.concatenate(scales)
    weights = np.exp(mass - mass.max())
    return np.asarray(weights / weights.sum())


def _checked(payoff: Array) -> Floats:
    table = np.asarray(payoff, dtype=np.float64)
    if not np.isfinite(table).all():
        raise UserError("alpha-rank needs a complete payoff table, and this one has gaps; play the missing pairings")
    return table
