"""How far a policy is from an equilibrium of `multitask/resources` at some number of agents, exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from marl.env import Rows
from marl.policy import Explicit
from marl.types import Array, Bools, Floats
from marl_multitask.population import LOT
from marl_multitask.resources import Resources

_LOTS = 16  # of each agent, among which what it draws is integrated out


def nash_gap(policy: Explicit, game: Resources, seed: int = 0) -> tuple[float, float]:
    """The Nash gap and what an agent earns where all play `policy`: means over agents, in one match in each lane.

    The gap is what an agent could gain by the best other choice, while all others stay as they are. Matches follow
    from `seed` and the lane.
    """
    lanes = np.arange(game.lanes)
    (rows,) = game.reset(lanes, np.arange(seed, seed + game.lanes, dtype=np.uint64))
    assert rows is not None
    chances = np.zeros((game.lanes, game.most, game.params.resources))
    for lot in (np.arange(_LOTS) + 0.5) / _LOTS:
        chances[rows.lane, rows.agent] += policy.probabilities(_holding(rows, lot)) / _LOTS
    there = game.there(lanes)
    gap, earned = gaps(chances, game.worth[lanes], game.costs(lanes), there)
    return float(gap[there].mean()), float(earned[there].mean())


def _holding(rows: Rows, lot: float) -> Rows:
    """The same rows, where every agent has drawn this lot."""
    seen = cast(dict[str, Array], rows.observation)
    return replace(rows, observation={**seen, LOT: np.full_like(seen[LOT], lot)})


def gaps(chances: Floats, worth: Floats, costs: Floats, there: Bools) -> tuple[Floats, Floats]:
    """What each agent could gain by the best other choice while all others stay as they are, and what it earns.

    `chances` `[L, N, M]`: how probable it is that each goes where, independently of the others; `worth` `[L, M]`;
    `costs` `[L, N, M]`; `there` `bool[L, N]`. Both results are `float64[L, N]`, 0 of who is not there. Exact: the
    mean of `1 / (1 + k)` over the number k of others is the integral over t in [0, 1] of the mean of `t ** k`, a
    polynomial, and Gauss's rule of N nodes leaves no error.
    """
    nodes, weights = np.polynomial.legendre.leggauss(chances.shape[1])
    mine, earned = chances * there[..., None], np.zeros_like(chances)
    for t, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        alone = 1 - mine * (1 - t)  # the mean of t to the number (0 or 1) of this agent there
        earned += weight * alone.prod(axis=1, keepdims=True) / alone
    value = worth[:, None] * earned - costs
    now = (chances * value).sum(axis=2)
    return (value.max(axis=2) - now) * there, now * there
