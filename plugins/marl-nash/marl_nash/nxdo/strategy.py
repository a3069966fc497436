"""Neural extensive-form double oracle (NXDO): PSRO whose meta-strategy chooses a policy at every decision.

Why: a mixture of policies that is drawn before a match may need exponentially many of them. Here the best responses so
far make a game of their own, in which everybody chooses, at every decision, whose action to take. What that game is
solved to is the meta-strategy, and is what best responses are trained against; so few of them do (`tabular/xdo` is the
same where the tree fits into memory). An iteration either trains a best response of each side, or solves the game that
they make; nobody mixes players. The league is over where no best response is new: then only a solver with a larger
budget would bring it nearer to an equilibrium. For zero-sum games of two sides.
Source: McAleer, Lanier, Wang, Baldi and Fox, "XDO: a double oracle algorithm for extensive-form games", NeurIPS 2021,
section 4. As there, the solver begins anew with every population; unlike there, its budget is fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.orders import Order
from league.payoffs.cells import Cell
from league.player import Player
from league.strategies import responses
from league.strategies.founders import opposed
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import SELF, Job
from marl.registry import Registry
from marl.scenario import Component, component, plain
from marl.snapshot import Snapshot

ROLE = "solution"  # of what the restricted games were solved to
_ALGORITHM = "nash/restricted_game"


@dataclass
class Params(responses.Params):
    """Those of best responses, and who solves the game that they make."""

    solver: Component = component("algorithms", default="nash/nfsp", help="learns each restricted game by self-play")

    def __post_init__(self) -> None:
        if self.transfer:
            raise ValueError("transfer: goes by payoffs, of which nash/nxdo asks for none; `warm: true` is right")


class NXDO(responses.Responses):
    """Decides from who is there, and from what the last population was solved to."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(registry, params)
        self.solver = params.solver

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names; they are answered first. Raises UserError where sides are not opposed."""
        opposed(spec, "nash/nxdo", "what a restricted game is solved to is an equilibrium there")
        return super().founders(spec)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """The restricted game, where its population changed since it was solved; else a best response of each side."""
        solved = max((one.born for one in view.players if one.role == ROLE), default=0)
        joined = max((one.born for one in view.players if one.role != ROLE), default=0)
        if max((joined, *view.operations)) > solved:
            return [self._solve(view)]
        if view.iterations[-1].number > solved:
            return []  # best responses came, and all of them had been there before
        return [self._response(view, side) for side in range(len(view.populations))]

    def _response(self, view: LeagueView, side: int) -> Order:
        """A best response to what the others' newest solution plays."""
        mixtures = [view.mixture(other) for other in range(len(view.sides))]
        order = self.ordered(view, side, mixtures, None, self.parent(view, side))
        return Order(order.job, order.lineage, keep="new")

    def _solve(self, view: LeagueView) -> Order:
        """The game of all best responses so far, and of who was added, learned by one learner of all sides."""
        members = [
            [view.populations[view.population(side)][n].snapshot for n in self._members(view, side)]
            for side in range(len(view.sides))
        ]
        steps = self.solver.params.get("env_steps")
        job = Job(
            algorithm=_ALGORITHM,
            params={"solver": plain(self.solver), "members": members},
            side=0,
            opponents=((), *(((SELF, 1.0),) for _ in view.sides[1:])),
            seed=int(rng.mix(view.seed, view.iterations[-1].number + 1)[0]),
            budget={"env_steps": steps} if isinstance(steps, (int, float)) else {},
        )
        return Order(job, "restricted game", ROLE)

    def _members(self, view: LeagueView, side: int) -> list[int]:
        """Of whom a side chooses: all but founders and solutions, each once; founders where nobody else is there."""
        number = view.population(side)
        players, first = view.populations[number], view.payoffs.first[number]
        there = [n for n, one in enumerate(players) if one.role != ROLE and one.retired is None and first[n] == n]
        return [n for n in there if players[n].born] or there

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """None: nobody mixes by payoffs."""
        return []

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """Each side's newest solution alone; the founders alike, as long as there is none."""
        return [_newest(players) for players in view.populations]

    def ended(self, view: LeagueView) -> str:
        """See `league.strategy.Ending`."""
        return "no best response to the solution is new: a solver with a larger budget would come nearer"


def _newest(players: Sequence[Player]) -> Weights:
    solutions = [n for n, one in enumerate(players) if one.role == ROLE]
    chosen = solutions[-1:] or [n for n, one in enumerate(players) if not one.born]
    weights = np.zeros(len(players))
    weights[chosen] = 1 / len(chosen)
    return tuple(weights.tolist())
