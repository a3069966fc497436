"""Population-based training: learners side by side, of which the weak go on from the strong, with other settings.

Why: a schedule of hyper-parameters that suits a league is not known before, and changes while it trains. Here each
learner has its own; now and then a learner that does badly *exploits* (goes on from the checkpoint and the settings of
one that does well) and *explores* (each of these settings times or divided by `factor`). How well a learner does is the
mean return of its newest player against the newest of all the others, and these are whom all of them meet.
Source: Jaderberg et al., "Population based training of neural networks", 2017, section 3 (truncation selection,
perturb); in games against each other: Jaderberg et al., "Human-level performance in 3D multiplayer games with
population-based reinforcement learning", Science 364 (2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from league.orders import Order
from league.payoffs.cells import Cell
from league.strategies.chain import chained
from league.strategies.exploring import Range, drawn, perturbed, ranges, with_values
from league.strategies.founders import founders_of
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job, Mixture
from marl.registry import ALGORITHMS, Registry
from marl.registry.ranges import at_least, at_most
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Who learns, which settings differ, and when the weak are replaced. Learners are counted for each population."""

    algorithm: Component = component("algorithms", default="rllib/ppo", help="trains the learners, a slice a job")
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    explore: dict[str, list[float]] = field(default_factory=lambda: {"lr": [0.0001, 0.01]})
    """Settings of the algorithm that differ, and from where to where: `{lr: [0.0001, 0.01], entropy: [0.001, 0.1]}`."""
    learners: int = 4
    """How many learners there are for each population. As many workers keep all of them busy."""
    every: int = 2
    """Slices that a learner learns before it is asked whether it does badly."""
    share: float = 0.25
    """The weakest share of learners go on from one of the strongest share: at least one from one."""
    factor: float = 1.2
    """Settings are multiplied or divided by this when they are taken over; 1 takes them over as they are."""

    def __post_init__(self) -> None:
        at_least(self, 2, "learners")
        at_least(self, 1, "every", "factor")
        at_least(self, 0, "share")
        at_most(self, 0.5, "share")
        ranges(self.explore)


@dataclass
class Learner:
    """One who learns: its newest player (a place in its population), its settings, and whose checkpoint comes next."""

    name: str
    side: int
    values: Mapping[str, float]
    newest: int | None = None
    source: int | None = None
    slices: int = 0


class PBT:
    """Decides from the payoffs among newest players. Any number of sides."""

    continues = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params, self.registry = params or Params(), registry
        self.ranges: dict[str, Range] = ranges(self.params.explore)

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where the algorithm has no such settings."""
        algorithm = self.params.algorithm
        for ends in zip(*self.ranges.values(), strict=True):
            values = dict(zip(self.ranges, ends, strict=True))
            self.registry.validate(
                ALGORITHMS, algorithm.name, with_values(algorithm.params, values), "strategy.algorithm"
            )
        return founders_of(self.params.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """The next slice of every learner that does not learn just now."""
        busy, learners = {order.lineage for order in running}, self.learners(view)
        return [self._slice(view, learners, number) for number, one in enumerate(learners) if one.name not in busy]

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """The newest players against each other."""
        grid = np.ix_(*self._newest(view, self.learners(view)))
        return [Cell(tuple(cell)) for cell in np.stack(np.broadcast_arrays(*grid), -1).reshape(-1, len(grid)).tolist()]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """Of each population the newest player that does best; the last founder where there is none."""
        learners, given = self.learners(view), []
        for number, players in enumerate(view.populations):
            known = [one for one in learners if one.side == number and one.newest is not None]
            best = max(known, key=lambda one: self._rating(view, learners, one), default=None)
            weights = [0.0] * len(players)
            weights[-1 if best is None or best.newest is None else best.newest] = 1.0
            given.append(tuple(weights))
        return given

    def learners(self, view: LeagueView) -> list[Learner]:
        """What all learners have come to, from the first player to the last."""
        count = self.params.learners * len(view.populations)
        learners = [
            Learner(f"learner_{n}", n % len(view.populations), drawn(self.ranges, int(rng.mix(view.seed, n)[0])))
            for n in range(count)
        ]
        known = {one.name: one for one in learners}
        for _, place, name in sorted(_births(view)):
            if name in known:
                self._born(view, learners, known[name], place)
        return learners

    def _born(self, view: LeagueView, learners: Sequence[Learner], one: Learner, place: int) -> None:
        """It left a player behind, and goes on from there, or from another's."""
        one.newest = one.source = place
        one.slices += 1
        rivals = [other for other in learners if other.side == one.side]
        if one.slices % self.params.every or any(rival.newest is None for rival in rivals):
            return
        rivals.sort(key=lambda rival: (-self._rating(view, learners, rival), rival.name))
        few = max(1, int(self.params.share * len(rivals)))
        if one not in rivals[-few:]:
            return
        seed = int(rng.mix(view.seed, learners.index(one), one.slices, 1)[0])
        better = rivals[int(rng.integers(rng.mix(seed), few)[0])]
        one.source = better.source
        one.values = perturbed(self.ranges, better.values, self.params.factor, seed)

    def _rating(self, view: LeagueView, learners: Sequence[Learner], one: Learner) -> float:
        """The mean return of a learner's newest player against everybody's newest; what was not played is left out."""
        places = self._newest(view, learners)
        places[one.side] = [one.newest if one.newest is not None else 0]
        returns = view.payoffs[one.side][np.ix_(*places)]
        return float(np.mean(returns[~np.isnan(returns)])) if not np.isnan(returns).all() else 0.0

    def _newest(self, view: LeagueView, learners: Sequence[Learner]) -> list[list[int]]:
        """For each side the newest players of those who can sit there; the last founder where there are none."""
        found = []
        for side in range(len(view.sides)):
            number = view.population(side)
            newest = [one.newest for one in learners if one.side == number and one.newest is not None]
            founders = [place for place, player in enumerate(view.populations[number]) if not player.lineage]
            found.append(newest or founders[-1:])
        return found

    def _slice(self, view: LeagueView, learners: Sequence[Learner], number: int) -> Order:
        """The order of a learner's next job."""
        one, algorithm = learners[number], self.params.algorithm
        jobs = None if view.planned is None else ceil(view.planned / len(learners))
        mixtures = [self._alike(view, side, places) for side, places in enumerate(self._newest(view, learners))]
        players = view.populations[one.side]
        job = Job(
            algorithm=algorithm.name,
            params=with_values(chained(algorithm, jobs), one.values),
            side=one.side,
            opponents=tuple(() if side == one.side else mixture for side, mixture in enumerate(mixtures)),
            seed=int(rng.mix(view.seed, number, one.slices)[0]),
            parent=None if one.source is None else players[one.source].checkpoint,
        )
        return Order(job, one.name)

    def _alike(self, view: LeagueView, side: int, places: Sequence[int]) -> Mixture:
        """These players alike, those that are the same as one."""
        found: dict[str, float] = {}
        for place in places:
            id = view.populations[view.population(side)][place].snapshot
            found[id] = found.get(id, 0.0) + 1.0 / len(places)
        return tuple(found.items())


def _births(view: LeagueView) -> Iterator[tuple[int, int, str]]:
    """(iteration, place in its population, learner) of every player that was learned."""
    for players in view.populations:
        yield from ((player.born, place, player.lineage) for place, player in enumerate(players) if player.lineage)
