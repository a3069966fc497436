"""Policy-space response oracles: every iteration adds, to each side, a best response to the others' meta-strategy.

Why: with exact best responses and Nash mixtures this is the double oracle algorithm, which ends at an equilibrium of
the whole game while it solves only small tables. With learned best responses it is the basis of most league methods.
Source: Lanctot et al., NeurIPS 2017; McMahan, Gordon and Blum (double oracle), ICML 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from league.metasolvers import MetaSolver
from league.strategies.chain import chained
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job
from marl.registry import Registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Which meta-solver, which oracle, and what to start from."""

    metasolver: Component = component("metasolvers", default="league/nash", help="payoff table -> mixtures")
    oracle: Component = component("algorithms", default="league/best_response", help="trains the best responses")
    founder: Component = component("policies", default="marl/random", help="the policy that each side starts with")
    warm: bool = False
    """Whether a best response goes on from the side's last one; a cold start by default. For oracles that learn."""


class PSRO:
    """Decides from the last iteration's mixtures and the payoff table alone."""

    def __init__(
        self, registry: Registry, metasolver: Component, oracle: Component, founder: Component, warm: bool = False
    ) -> None:
        made = registry.make("metasolvers", metasolver.name, metasolver.params)
        self.solve: MetaSolver = made
        self.oracle = oracle
        self.founder = founder
        self.warm = warm

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """The same scripted player on each side."""
        meta = {"params": self.founder.params} if self.founder.params else {}
        return [[Snapshot(self.founder.name, {}, meta)] for _ in spec.sides]

    def jobs(self, view: LeagueView, seed: int) -> Sequence[Job]:
        """One best response a side, against what the last iteration decided."""
        latest = view.iterations[-1]
        mixtures = [
            tuple((p.snapshot, w) for p, w in zip(players, weights, strict=True) if w > 0)
            for players, weights in zip(view.populations, latest.mixtures, strict=True)
        ]
        return [
            Job(
                algorithm=self.oracle.name,
                params=chained(self.oracle, view.planned) if self.warm else self.oracle.params,
                side=side,
                opponents=tuple(() if n == side else mixture for n, mixture in enumerate(mixtures)),
                seed=int(rng.mix(seed, latest.number + 1, side)[0]),
                parent=view.populations[side][-1].checkpoint if self.warm else None,
            )
            for side in range(len(view.sides))
        ]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """What the meta-solver makes of the payoff table."""
        return [tuple(mixture.tolist()) for mixture in self.solve(view.payoffs)]
