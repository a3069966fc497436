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

from league.checked.metasolver import CheckedMetaSolver
from league.payoffs.joint import Joint
from league.strategies import responses
from league.strategy import Weights
from league.view import LeagueView
from marl.registry import Registry
from marl.scenario import Component, component


@dataclass
class Params(responses.Params):
    """Which meta-solver, which oracle, and what to start from."""

    metasolver: Component = component("metasolvers", default="league/nash", help="payoff table -> mixtures")


class PSRO(responses.Responses):
    """Decides from the last iteration's mixtures and the payoff table alone."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(registry, params)
        self.solve = CheckedMetaSolver(params.metasolver, registry)

    def mixtures(self, view: LeagueView) -> Sequence[Weights] | Joint:
        """What the meta-solver makes of the payoff table."""
        solved = self.solve(view.payoffs)
        return solved if isinstance(solved, Joint) else [tuple(mixture.tolist()) for mixture in solved]
