"""Prioritised fictitious self-play: several learners, each against whom of all that were left behind it still loses to.

Why: self-play chases its own tail, and fictitious self-play wastes most of its matches on players that are beaten for
good. Here a learner meets past players of all learners, the more often the harder they are for it. Learners go on from
where they were, side by side: nobody waits for a round to end.
Source: Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning", Nature 575 (2019),
section "Prioritized fictitious self-play": opponent B is met with probability proportional to f(P[A beats B]), with
f_hard(x) = (1 - x)^k, f_var(x) = x (1 - x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from league.orders import Order
from league.payoffs.cells import Cell
from league.strategies import priorities
from league.strategies.chain import chained
from league.strategies.founders import founders_of, opposed
from league.strategies.priorities import Weighting, chances
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job, Mixture
from marl.registry import Registry
from marl.registry.ranges import at_least
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Who learns, how many of them, and whom they meet."""

    algorithm: Component = component("algorithms", default="rllib/ppo", help="trains the learners, a slice a job")
    others: list[Component] = component(
        "algorithms", default=[], help="of further learners, who take all of them in turn"
    )
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    lineages: int = 2
    """How many learners there are; they take the sides in turn. As many workers keep all of them busy."""
    weighting: Weighting = "hard"
    """`hard`: (1 - x)^k of the chance x to win; `variance`: x (1 - x); `linear`: 1 - x; `capped`: that, 1/2 at most."""
    power: float = 2.0
    """The k of `hard`: the greater, the more the hardest opponents are preferred."""
    win: float = 1.0
    """What a match that is won for sure returns: mean returns from -win to win are taken as chances from 0 to 1."""

    def __post_init__(self) -> None:
        at_least(self, 1, "lineages")
        at_least(self, 0, "power")
        if not self.win > 0:
            raise ValueError(f"win must be above 0, but it is {self.win}")


class PFSP:
    """Decides from the payoffs of each learner's newest player, for games of two sides that are won or lost."""

    continues = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params, self.registry = params or Params(), registry

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where there are not two sides that want the opposite."""
        opposed(spec, "league/pfsp", "its learners prefer whom they lose to")
        return founders_of(self.params.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """The next slice of every learner that does not learn just now."""
        busy = {order.lineage for order in running}
        return [self._slice(view, number) for number in range(self.params.lineages) if _name(number) not in busy]

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """The newest player of each learner against everyone: whoever else met is older, and asked nothing of."""
        asked = np.zeros(view.payoffs.sizes, dtype=np.bool_)
        for number in range(self.params.lineages):
            newest = self._newest(view, number)
            if newest is not None:
                np.moveaxis(asked, self._side(view, number), 0)[newest] = True
        return [Cell(tuple(cell)) for cell in np.argwhere(asked).tolist()]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """The newest players of the learners alike; the last founder where there is none."""
        weights = [np.zeros(len(players)) for players in view.populations]
        for number in range(self.params.lineages):
            newest = self._newest(view, number)
            if newest is not None:
                weights[view.population(self._side(view, number))][newest] = 1.0
        for mixture in weights:
            mixture[-1] += not mixture.any()
        return [tuple((mixture / mixture.sum()).tolist()) for mixture in weights]

    def _slice(self, view: LeagueView, number: int) -> Order:
        """The order of a learner's next job."""
        name, side, algorithm = _name(number), self._side(view, number), self._algorithm(number)
        before = view.lineages.get(name)
        jobs = None if view.planned is None else ceil(view.planned / self.params.lineages)
        opponents = self._opponents(view, number)
        job = Job(
            algorithm=algorithm.name,
            params=chained(algorithm, jobs),
            side=side,
            opponents=tuple(() if other == side else opponents for other in range(2)),
            seed=int(rng.mix(view.seed, number, before.done if before is not None else 0)[0]),
            parent=before.checkpoint if before is not None else None,
        )
        return Order(job, name)

    def _algorithm(self, number: int) -> Component:
        """What trains a learner."""
        known = (self.params.algorithm, *self.params.others)
        return known[number % len(known)]

    def _opponents(self, view: LeagueView, number: int) -> Mixture:
        """Whom a learner meets, and how often: everyone who can sit opposite, those that are the same as one."""
        side, newest = self._side(view, number), self._newest(view, number)
        other = view.population(1 - side)
        players, first = view.populations[other], view.payoffs.first[other]
        if newest is None:
            weights = np.ones(len(players))
        else:
            returns = np.moveaxis(view.payoffs[side], side, 0)[newest]
            weights = priorities.weights(self.params.weighting, chances(returns, self.params.win), self.params.power)
        weights = weights * (first == np.arange(len(first)))
        weights = weights if weights.any() else (first == np.arange(len(first))).astype(np.float64)
        shares = weights / weights.sum()
        return tuple((p.snapshot, float(w)) for p, w in zip(players, shares, strict=True) if w > 0)

    def _side(self, view: LeagueView, number: int) -> int:
        """The side that a learner plays: in turn where each has a population, the first where one plays all."""
        return number % len(view.populations)

    def _newest(self, view: LeagueView, number: int) -> int | None:
        """The place of a learner's newest player in its population; None where there is none yet."""
        players = view.populations[view.population(self._side(view, number))]
        return max((n for n, player in enumerate(players) if player.lineage == _name(number)), default=None)


def _name(number: int) -> str:
    return f"learner_{number}"
