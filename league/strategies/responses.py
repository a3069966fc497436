"""Best responses: every round one of each population, to the others' part of the last meta-strategy.

What PSRO and its relatives share: they differ in the meta-strategy, or in whom else they let answer what. A best
response begins anew, or where an earlier one of its side ended: the last (`warm`), or whoever does best already
(`transfer`). On what carries over from one mixture of opponents to the next see Smith, Anthony and Wellman, "Strategic
knowledge transfer", JMLR 24 (2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.orders import Order
from league.strategies.chain import chained
from league.strategies.founders import founders_of
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job, Mixture, Profile, marginals
from marl.registry import Registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot
from marl.types import Floats


@dataclass
class Params:
    """Which oracle, and what to start from."""

    oracle: Component = component("algorithms", default="league/best_response", help="trains the best responses")
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    warm: bool = False
    """Whether a best response goes on from the side's last one; a cold start by default. For oracles that learn."""
    transfer: bool = False
    """Whether it goes on from the player of its side that earns most already against whom it is to answer."""


class Responses:
    """Orders best responses from what the last iteration decided. Those of a round may be trained side by side."""

    rounds = True

    def __init__(self, registry: Registry, params: Params) -> None:
        self.oracle, self.founder, self.registry = params.oracle, params.founder, registry
        self.transfer = params.transfer
        self.warm = self.continues = params.warm or params.transfer

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names."""
        return founders_of(self.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """One best response a population, against what the last iteration decided; none where `settled`."""
        if settled(view):
            return []
        return [self.response(view, side) for side in range(len(view.populations))]  # the first side of each

    def response(self, view: LeagueView, side: int) -> Order:
        """The order of a side's best response to what the others follow."""
        if view.iterations[-1].joint is not None:
            return self.ordered(view, side, (), view.profiles(side), self.parent(view, side))
        parent = self.parent(view, side, view.payoffs.merged(view.payoffs.by_side(view.iterations[-1].mixtures)))
        return self.ordered(view, side, [view.mixture(other) for other in range(len(view.sides))], None, parent)

    def parent(self, view: LeagueView, side: int, mixtures: Sequence[Floats] | None = None) -> str | None:
        """The checkpoint that a best response begins from: the side's last one, or that of the best against `mixtures`.

        `mixtures`: one for each side, which is what it shall answer; its own is not read. None: not known.
        """
        if not self.warm:
            return None
        players, own = view.populations[side], view.names[side]
        learned = [n for n, one in enumerate(players) if one.lineage == own and one.checkpoint is not None]
        if not learned:
            return None
        if not self.transfer or mixtures is None:
            return players[learned[-1]].checkpoint
        earned = np.where(np.isnan(view.payoffs[side]), -np.inf, view.payoffs[side])
        earned = np.moveaxis(earned, side, 0)
        for other in reversed([mixture for n, mixture in enumerate(mixtures) if n != side]):
            kept = np.flatnonzero(other)
            earned = earned[..., kept] @ other[kept]
        return players[max(learned, key=lambda n: (earned[n], n))].checkpoint

    def ordered(
        self,
        view: LeagueView,
        side: int,
        mixtures: Sequence[Mixture],
        joint: tuple[Profile, ...] | None = None,
        parent: str | None = None,
        number: int | None = None,
    ) -> Order:
        """The order of a best response to `mixtures`, one for each side, or to what others draw together.

        `number` tells the responses of a side apart, where there are several in a round.
        """
        which = () if number is None else (number,)
        job = Job(
            algorithm=self.oracle.name,
            params=chained(self.oracle, view.planned) if self.warm else self.oracle.params,
            side=side,
            opponents=_others(mixtures, side) if joint is None else marginals(joint),
            joint=joint,
            seed=int(rng.mix(view.seed, view.iterations[-1].number + 1, side, *which)[0]),
            parent=parent,
        )
        return Order(job, view.names[side] if number is None else f"{view.names[side]} from {number}")

    def ended(self, view: LeagueView) -> str:
        """See `league.strategy.Ending`."""
        return "no best response is new, so nothing would change from here"


def _others(mixtures: Sequence[Mixture], side: int) -> tuple[Mixture, ...]:
    return tuple(() if n == side else mixture for n, mixture in enumerate(mixtures))


def settled(view: LeagueView) -> bool:
    """Whether the last iteration changed nothing: it brought no new player, and left the meta-strategy as it was.

    A meta-solver that counts, such as `league/uniform`, moves with every best response, new or not.
    """
    if len(view.iterations) < 2:
        return False
    *_, before, last = view.iterations
    if not any(player.born == last.number and player.lineage for player in view.players):
        return False  # nobody answered: somebody joined or left by an operation
    for players, first in zip(view.populations, view.payoffs.first, strict=True):
        if any(player.born == last.number and first[n] == n for n, player in enumerate(players)):
            return False
    earlier, later = (view.payoffs.merged(iteration.mixtures) for iteration in (before, last))
    return all(np.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(earlier, later, strict=True))
