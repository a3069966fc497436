"""Policy-space response oracles: every iteration adds, to each population, a best response to the meta-strategy.

A meta-solver may give a joint distribution: best responses are then to the others' part of it (JPSRO: Marris et al.,
ICML 2021).

Why: with exact best responses and Nash mixtures this is the double oracle algorithm, which ends at an equilibrium of
the whole game while it solves only small tables. With learned best responses it is the basis of most league methods.
Source: Lanctot et al., NeurIPS 2017; McMahan, Gordon and Blum (double oracle), ICML 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.checked.metasolver import CheckedMetaSolver
from league.orders import Order
from league.payoffs.joint import Joint
from league.strategies.chain import chained
from league.strategies.founders import founders_of
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job, Mixture, marginals
from marl.registry import Registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Which meta-solver, which oracle, and what to start from."""

    metasolver: Component = component("metasolvers", default="league/nash", help="payoff table -> mixtures")
    oracle: Component = component("algorithms", default="league/best_response", help="trains the best responses")
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    warm: bool = False
    """Whether a best response goes on from the side's last one; a cold start by default. For oracles that learn."""


class PSRO:
    """Decides from the last iteration's mixtures and the payoff table alone. The best responses of a round may be
    trained side by side."""

    rounds = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        self.solve = CheckedMetaSolver(params.metasolver, registry)
        self.oracle = params.oracle
        self.founder, self.registry = params.founder, registry
        self.continues = params.warm

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names."""
        return founders_of(self.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """One best response a population, against what the last iteration decided; none where `settled`."""
        if settled(view):
            return []
        mixtures = [view.mixture(side) for side in range(len(view.sides))]
        return [self._response(view, side, mixtures) for side in range(len(view.populations))]  # the first of each

    def _response(self, view: LeagueView, side: int, mixtures: Sequence[Mixture]) -> Order:
        """The order of a best response."""
        joint = view.profiles(side) if view.iterations[-1].joint is not None else None
        job = Job(
            algorithm=self.oracle.name,
            params=chained(self.oracle, view.planned) if self.continues else self.oracle.params,
            side=side,
            opponents=_others(mixtures, side) if joint is None else marginals(joint),
            joint=joint,
            seed=int(rng.mix(view.seed, view.iterations[-1].number + 1, side)[0]),
            parent=view.populations[side][-1].checkpoint if self.continues else None,
        )
        return Order(job, view.names[side])

    def mixtures(self, view: LeagueView) -> Sequence[Weights] | Joint:
        """What the meta-solver makes of the payoff table."""
        solved = self.solve(view.payoffs)
        return solved if isinstance(solved, Joint) else [tuple(mixture.tolist()) for mixture in solved]

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
    for players, first in zip(view.populations, view.payoffs.first, strict=True):
        if any(player.born == last.number and first[n] == n for n, player in enumerate(players)):
            return False
    earlier, later = (view.payoffs.merged(iteration.mixtures) for iteration in (before, last))
    return all(np.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(earlier, later, strict=True))
