"""JPSRO for correlated equilibria: each player that may be drawn is answered by the others' play as it is then.

Why: PSRO answers the others' mean, so that with a joint meta-strategy it ends at a coarse correlated equilibrium at
best, which nobody leaves before it is drawn. Here a side learns one best response for each of its players that may be
drawn: to what the others play when it is. If none of these gains anything, nobody leaves when told whom to play either:
a correlated equilibrium of the whole game. Any number of sides, general sum. (With `league/cce`, `league/psro` is
JPSRO for coarse ones.)
Source: Marris, Muller, Lanctot, Tuyls and Graepel, "Multi-agent training beyond zero-sum with correlated equilibrium
meta-solvers", ICML 2021, section 4, JPSRO(CE).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from league.orders import Order
from league.strategies import psro
from league.strategies.responses import settled
from league.view import LeagueView
from marl.job import Profile
from marl.registry import Registry
from marl.scenario import Component, component


@dataclass
class Params(psro.Params):
    """Those of PSRO, with a correlated equilibrium of largest impurity: it is unique, so that the league can settle."""

    metasolver: Component = component(
        "metasolvers", default=Component("league/ce", {"select": "gini"}), help="payoff table -> joint distribution"
    )


class JPSRO(psro.PSRO):
    """Several best responses a round: one for each player that may be drawn."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        super().__init__(registry, params or Params())

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """A best response for everybody who may be drawn; none where the last round changed nothing."""
        if settled(view):
            return []
        if view.iterations[-1].joint is None:
            return super().next(view, running)
        return [order for side in range(len(view.populations)) for order in self._told(view, side)]

    def _told(self, view: LeagueView, side: int) -> Iterator[Order]:
        """The orders of a side, one for each of its players that may be drawn, in order of birth."""
        drawn: dict[int, dict[tuple[str, ...], float]] = {}
        for cell, weight in view.iterations[-1].joint or ():
            ids = [view.populations[view.population(n)][number].snapshot for n, number in enumerate(cell)]
            own = int(view.payoffs.first[view.population(side)][cell[side]])
            ids[side] = ""
            others = drawn.setdefault(own, {})
            others[tuple(ids)] = others.get(tuple(ids), 0.0) + weight
        for number, profiles in sorted(drawn.items()):
            total = sum(profiles.values())
            told: tuple[Profile, ...] = tuple((ids, weight / total) for ids, weight in profiles.items())
            parent = view.populations[side][number].checkpoint if self.continues else None
            yield self.ordered(view, side, (), told, parent, number)
