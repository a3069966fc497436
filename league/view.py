"""What a league looks like at one moment: a read-only view of its ledger, for strategies, dashboards and reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

from league.iteration import Iteration
from league.orders import Lineage
from league.payoffs import Payoffs
from league.player import Player
from league.value import About
from marl.job import Mixture, Profile


@dataclass(frozen=True)
class LeagueView:
    """Everything a reader needs. `players` are in order of birth within each population.

    A population is those who play a side, or, in a symmetric game, those who play every side; see `populations`.
    `payoffs[s]` is side `s`'s mean return in every pairing, `[n_0, n_1, ...]` (NaN where nothing was played), with the
    players of side `s` on axis `s`; how sure it is and which players are the same, see `league.payoffs.Payoffs`.
    `measured` is what people read of every measure that was taken, by name, the headline first. `planned` is how many
    iterations there are to be at most, or None where only something else ends the league. `seed` is the scenario's;
    `lineages` are what the learners have come to, by name. `reason` says why the league has ended, where it has.
    `operations` are the iterations in which nobody learned, but somebody was added or retired; see `rounds`.
    """

    name: str
    env: str
    sides: tuple[str, ...]
    players: tuple[Player, ...]
    iterations: tuple[Iteration, ...]
    payoffs: Payoffs
    scenario: str = ""
    finished: bool = False
    measured: Mapping[str, About] = field(default_factory=dict)
    planned: int | None = None
    seed: int = 0
    lineages: Mapping[str, Lineage] = field(default_factory=dict)
    reason: str = ""
    operations: tuple[int, ...] = ()

    def rounds(self, iteration: int) -> int:
        """How many of the first iterations up to this one were a strategy's own, and no operations."""
        return iteration - bisect_right(self.operations, iteration)

    @cached_property
    def populations(self) -> tuple[tuple[Player, ...], ...]:
        """The players of each population, in order of birth: one for each side, or a single one that plays them all."""
        if self.payoffs.symmetric:
            return (self.players,)
        return tuple(tuple(p for p in self.players if side in p.sides) for side in range(len(self.sides)))

    @property
    def names(self) -> tuple[str, ...]:
        """What each population is called: as its side is."""
        return self.sides[: len(self.populations)]

    def population(self, side: int) -> int:
        """The number of the population that plays a side."""
        return 0 if self.payoffs.symmetric else side

    def mixture(self, side: int) -> Mixture:
        """The last meta-strategy of a side: snapshots with their weights, those that are the same as one."""
        number = self.population(side)
        weights = self.payoffs.merged(self.iterations[-1].mixtures)[number]
        pairs = zip(self.populations[number], weights.tolist(), strict=True)
        return tuple((player.snapshot, weight) for player, weight in pairs if weight > 0)

    def profiles(self, leaving: int | None = None) -> tuple[Profile, ...]:
        """The last meta-strategy as a joint distribution over snapshots, also where each side draws for itself.

        `leaving`: a side whose own is left out ("").
        """
        joint = self.iterations[-1].joint
        if joint is None:
            mixtures = [(("", 1.0),) if side == leaving else self.mixture(side) for side in range(len(self.sides))]
            drawn = ((tuple(id for id, _ in one), prod(weight for _, weight in one)) for one in product(*mixtures))
            return tuple(drawn)
        found: dict[tuple[str, ...], float] = {}
        for cell, weight in joint:
            ids = [self.populations[self.population(side)][number].snapshot for side, number in enumerate(cell)]
            if leaving is not None:
                ids[leaving] = ""
            found[tuple(ids)] = found.get(tuple(ids), 0.0) + weight
        return tuple(found.items())
