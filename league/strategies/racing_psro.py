"""PSRO that plays more matches only where they could change its meta-strategy.

Why: most players of a large league are beaten by the meta-strategy, and a few matches show it; the many that would
tell precisely by how much decide nothing. All cells are played a little first. Then, round by round, a player stays in
the race while the interval of what it earns against the others' mixtures reaches above what the meta-strategy earns,
and only the cells between the players in the race and those mixtures are played on, until the interval of every such
player is at most `precision` to either side. So nobody is known who gains more than about that; who has dropped out is
never played again unless the mixtures move towards it.
Sources: Areyan Viqueira, Cousins and Greenwald, "Improved algorithms for learning equilibria in simulation-based
games", AAMAS 2020 (progressive sampling that prunes what is provably no part of an equilibrium); Rowland et al.,
"Multiagent evaluation under incomplete information", NeurIPS 2019 (intervals on deviations). Their bounds hold for all
cells at once; ours are plain normal intervals of `errors` standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from league.payoffs import Payoffs
from league.payoffs.cells import Cell, short_of
from league.payoffs.joint import Joint
from league.strategies import psro
from league.view import LeagueView
from marl.errors import UserError
from marl.evaluation import Z95
from marl.registry import Registry
from marl.registry.ranges import at_least
from marl.types import Floats


@dataclass
class Params(psro.Params):
    """Those of PSRO, and how precisely to know what matters."""

    first: int = 100
    """Matches of every pairing, before anybody drops out."""
    batch: int = 200
    """Matches that a cell in question gets in a round."""
    precision: float = 0.05
    """Half the interval within which the return of every player in the race is to be known."""
    errors: float = 3.0
    """Standard errors to either side that the intervals are wide."""

    def __post_init__(self) -> None:
        at_least(self, 2, "first")
        at_least(self, 1, "batch")
        if self.precision <= 0 or self.errors <= 0:
            raise ValueError("needs precision > 0 and errors > 0")


class RacingPSRO(psro.PSRO):
    """What it asks for follows from the payoffs that are there."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params = params or Params()
        super().__init__(registry, self.params)

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """Every cell a little; then those between the players in the race and the mixtures that they answer."""
        payoffs = view.payoffs
        if few := short_of(self.params.first, payoffs.count):
            return few
        solved = self.solve(payoffs)
        if isinstance(solved, Joint):
            raise UserError("league/racing_psro races against mixtures, and its meta-solver gives a joint distribution")
        mixtures = payoffs.by_side(solved)
        wanted = {cell: None for side in range(len(solved)) for cell in self._raced(payoffs, mixtures, side)}
        return [Cell(cell, int(payoffs.count[cell]) + self.params.batch) for cell in wanted]

    def _raced(self, payoffs: Payoffs, mixtures: Sequence[Floats], side: int) -> Iterator[tuple[int, ...]]:
        """The cells of a side's players that are in the race, and not known well enough."""
        earned = float(payoffs.expected(mixtures)[0][side])
        others = [np.flatnonzero(mixture > 0).tolist() for mixture in mixtures]
        for player in np.unique(payoffs.first[side]).tolist():
            alone = [np.eye(len(mixture))[player] if n == side else mixture for n, mixture in enumerate(mixtures)]
            means, halves = payoffs.expected(alone)
            half = float(halves[side]) * self.params.errors / Z95
            if half > self.params.precision and float(means[side]) + half > earned:
                cells = product(*([player] if n == side else support for n, support in enumerate(others)))
                yield from (cell for cell in cells if np.isfinite(payoffs.count[cell]))
