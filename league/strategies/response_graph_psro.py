"""PSRO that plays until it is clear who would answer whom how: adaptive sampling of the response graph.

Why: alpha-rank, and to a great part any meta-strategy, depends on which of two players does better against the same
others, not on by how much. All cells are played a little first. Then, round by round, those cells are played on whose
interval overlaps that of another player of the same side against the same others (an unresolved edge of the response
graph): many matches for those who are close, few for those who are not. It is over when all edges are resolved, or
known to be ties to within `precision`, or when the meta-strategy no longer changes: solved for tables that are drawn
from what is known, it is the same to within `change`.
Source: Rowland, Omidshafiei, Tuyls, Perolat, Valko, Piliouras and Munos, "Multiagent evaluation under incomplete
information", NeurIPS 2019: ResponseGraphUCB, uniform-exhaustive. Their intervals are Hoeffding's, or exact ones of
Bernoulli variables, for a confidence of all at once; ours are normal intervals of `errors` standard errors. To stop by
the meta-strategy is ours; they propagate intervals to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from league.payoffs import Payoffs
from league.payoffs.cells import Cell, short_of
from league.payoffs.joint import Joint
from league.strategies import psro
from league.view import LeagueView
from marl import rng
from marl.registry import Registry
from marl.registry.ranges import at_least
from marl.scenario import Component, component
from marl.types import Bools, Floats


@dataclass
class Params(psro.Params):
    """Those of PSRO, and how clear it shall be."""

    metasolver: Component = component("metasolvers", default="league/alpharank", help="payoff table -> mixtures")
    first: int = 100
    """Matches of every pairing, before any edge is resolved."""
    batch: int = 200
    """Matches that a cell of an unresolved edge gets in a round."""
    errors: float = 3.0
    """Standard errors to either side that the intervals are wide."""
    precision: float = 0.02
    """Half the interval at which players that still overlap are taken to be alike."""
    draws: int = 8
    """Tables that are drawn, to see whether the meta-strategy still changes; 0: edges alone decide."""
    change: float = 0.02
    """The total variation up to which it does not."""

    def __post_init__(self) -> None:
        at_least(self, 2, "first")
        at_least(self, 1, "batch")
        at_least(self, 0, "draws", "change")
        if self.precision <= 0 or self.errors <= 0:
            raise ValueError("needs precision > 0 and errors > 0")


class ResponseGraphPSRO(psro.PSRO):
    """What it asks for follows from the payoffs that are there."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params = params or Params()
        super().__init__(registry, self.params)

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """Every cell a little; then those of unresolved edges, while the meta-strategy may still change."""
        payoffs = view.payoffs
        if few := short_of(self.params.first, payoffs.count):
            return few
        wanted = unresolved(payoffs, self.params.errors, self.params.precision)
        if not wanted.any() or (self.params.draws and self._changes(payoffs, view.seed) <= self.params.change):
            return []
        more = self.params.batch
        return [Cell(tuple(cell), int(payoffs.count[tuple(cell)]) + more) for cell in np.argwhere(wanted).tolist()]

    def _changes(self, payoffs: Payoffs, seed: int) -> float:
        """The largest total variation between the meta-strategy and that of a table that is drawn."""
        known, most = self._weights(payoffs), 0.0
        for number in range(self.params.draws):
            other = self._weights(drawn(payoffs, int(rng.mix(seed, number)[0])))
            apart = [float(np.abs(one - two).sum()) / 2 for one, two in zip(known, other, strict=True)]
            most = max(most, *apart)
        return most

    def _weights(self, payoffs: Payoffs) -> list[Floats]:
        solved = self.solve(payoffs)
        return [solved.weights.ravel()] if isinstance(solved, Joint) else payoffs.merged(solved)


def unresolved(payoffs: Payoffs, errors: float, precision: float) -> Bools:
    """The cells of different players, `bool[n_0, n_1, ...]`, that an edge of the response graph is unclear for.

    An edge joins two players of a side against the same others. It is unclear where their intervals of `errors`
    standard errors overlap, unless both are at most `precision` wide to either side.
    """
    half = errors * np.sqrt(payoffs.variance / np.maximum(payoffs.count, 1))
    asked = np.zeros(payoffs.sizes, dtype=np.bool_)
    new = payoffs.by_side([first == np.arange(len(first)) for first in payoffs.first])
    for side in range(len(payoffs.mean)):
        mean, wide = (np.moveaxis(array[side], side, 0) for array in (payoffs.mean, half))
        overlap = np.abs(mean[:, None] - mean[None]) <= wide[:, None] + wide[None]
        overlap &= np.maximum(wide[:, None], wide[None]) > precision
        overlap &= (new[side][:, None] & new[side][None] & ~np.eye(len(mean), dtype=np.bool_)).reshape(
            (len(mean), len(mean)) + (1,) * (mean.ndim - 1)
        )
        asked |= np.moveaxis(overlap.any(axis=1) & (wide > precision), 0, side)
    for side, kept in enumerate(new):
        asked &= np.moveaxis(kept.reshape((-1,) + (1,) * (asked.ndim - 1)), 0, side)
    return asked


def drawn(payoffs: Payoffs, seed: int) -> Payoffs:
    """A table that might be the right one: each mean with a normal error of its own, zero-sum where the means are."""
    errors = np.sqrt(payoffs.variance / np.maximum(payoffs.count, 1))
    luck = rng.normal(rng.mix(seed, np.arange(errors.size))).reshape(errors.shape) * errors
    mean = payoffs.mean
    if len(mean) == 2 and np.allclose(mean[0], -mean[1]):
        luck[1] = -luck[0]
    elif payoffs.symmetric and mean.ndim == 3 and np.allclose(mean[0], -mean[0].T):
        luck[0] = np.triu(luck[0], 1) - np.triu(luck[0], 1).T
    table = mean + luck
    for side, first in enumerate(payoffs.by_side(payoffs.first)):  # players that are the same stay so
        table = np.take(table, first, axis=1 + side)
    return replace(payoffs, mean=table)
