"""The AlphaStar league: main agents that shall beat everybody, and exploiters that find out whom they do not.

Why: prioritised fictitious self-play keeps a learner from forgetting, but nobody looks for its weaknesses. Here three
kinds learn side by side, each of them in slices; who is strong enough, or has learned long enough, is frozen into the
league and stays there.

- *Main agents*: half their matches are against all that is frozen, the hardest first; the rest against main agents as
  they are now (or, who is too strong yet, against its past), of which some go to exploiters that beat them, and to what
  they have forgotten how to beat.
- *Main exploiters* meet main agents as they are now, or, while these are out of reach, their past. Once frozen they
  begin anew.
- *League exploiters* meet all that is frozen, whom they lose to first. Once frozen they begin anew now and then.

To begin anew is to train without a checkpoint: from a fresh network, or from the scenario's `start_from`. A slice's
opponents are in proportion to how often the paper's pseudocode draws them. Main agents as they are now are the newest
players that they left behind, and in a symmetric game a main agent meets itself live.
Source: Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning", Nature 575 (2019),
section "Populating the league", and its pseudocode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from league.orders import Order
from league.payoffs.cells import Cell
from league.strategies.chain import chained
from league.strategies.founders import founders_of, opposed
from league.strategies.matchmaking import opponents
from league.strategies.standing import LEAGUE_EXPLOITER, MAIN, MAIN_EXPLOITER, Freezing, Learner, Standing, standing
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job
from marl.registry import Registry
from marl.registry.ranges import at_least, at_most
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Who learns, how many of each role, and when they are frozen. Numbers of learners are for each population."""

    algorithm: Component = component("algorithms", default="rllib/ppo", help="trains the learners, a slice a job")
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    mains: int = 1
    """Main agents."""
    main_exploiters: int = 1
    """Learners that look for weaknesses of main agents."""
    league_exploiters: int = 2
    """Learners that look for weaknesses of the whole league."""
    least: int = 2
    """Slices that a learner learns at least before it is frozen."""
    most: int = 4
    """Slices after which it is frozen, however weak it is."""
    strong: float = 0.7
    """With what chance it has to beat each of those whom it shall beat to be frozen before."""
    reset: float = 0.25
    """How likely a league exploiter begins anew when it is frozen."""
    win: float = 1.0
    """What a match that is won for sure returns: mean returns from -win to win are taken as chances from 0 to 1."""

    def __post_init__(self) -> None:
        at_least(self, 1, "mains", "least")
        at_least(self, 0, "main_exploiters", "league_exploiters", "strong", "reset")
        at_most(self, 1, "strong", "reset")
        at_least(self, self.least, "most")
        if not self.win > 0:
            raise ValueError(f"win must be above 0, but it is {self.win}")


class AlphaStar:
    """Decides from the payoffs of each learner's newest player, for games of two sides that are won or lost."""

    continues = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params, self.registry = params or Params(), registry
        given = self.params
        self.rules = Freezing(given.least, given.most, given.strong, given.reset, given.win)

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where there are not two sides that want the opposite."""
        opposed(spec, "league/alphastar", "its learners prefer whom they lose to")
        return founders_of(self.params.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """The next slice of every learner that does not learn just now."""
        busy, now = {order.lineage for order in running}, self.standing(view)
        free = [number for number, learner in enumerate(now.learners) if learner.name not in busy]
        return [self._slice(now, now.learners[number], number) for number in free]

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """The newest player of each learner against the frozen of the other side, and its newest."""
        now, asked = self.standing(view), np.zeros(view.payoffs.sizes, dtype=np.bool_)
        for learner in now.learners:
            if learner.name in now.newest:
                np.moveaxis(asked, learner.side, 0)[now.newest[learner.name], now.rivals(learner)] = True
        return [Cell(tuple(cell)) for cell in np.argwhere(asked).tolist()]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """The main agents as they are now, alike."""
        now, given = self.standing(view), []
        for side, players in enumerate(view.populations):
            weights = np.zeros(len(players))
            mains = [now.now(main) for main in now.mains(side)]
            np.add.at(weights, mains, 1.0 / len(mains))
            given.append(tuple(weights.tolist()))
        return given

    def standing(self, view: LeagueView) -> Standing:
        """Who is what just now."""
        return standing(view, list(self._learners(len(view.populations))), self.rules)

    def _learners(self, populations: int) -> Iterator[Learner]:
        """Main agents first; where each side has a population, they take the sides in turn."""
        given = self.params
        roles = {MAIN: given.mains, MAIN_EXPLOITER: given.main_exploiters, LEAGUE_EXPLOITER: given.league_exploiters}
        for role, count in roles.items():
            for number in range(count * populations):
                yield Learner(f"{role}_{number}", role, number % populations)

    def _slice(self, now: Standing, learner: Learner, number: int) -> Order:
        """The order of a learner's next job."""
        view, algorithm = now.view, self.params.algorithm
        before = view.lineages.get(learner.name)
        if learner.role == MAIN:
            jobs = None if view.planned is None else ceil(view.planned / len(now.learners))
        else:
            jobs = self.params.most
        mixture = opponents(now, learner)
        job = Job(
            algorithm=algorithm.name,
            params=chained(algorithm, jobs),
            side=learner.side,
            opponents=tuple(() if side == learner.side else mixture for side in range(2)),
            seed=int(rng.mix(view.seed, number, before.done if before is not None else 0)[0]),
            parent=before.checkpoint if before is not None and learner.name not in now.anew else None,
        )
        return Order(job, learner.name, learner.role)
