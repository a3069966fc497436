"""Pipeline PSRO: several best responses are learned at once, each to those that are known and to those below it.

Why: PSRO waits for a best response before it begins the next. Here each population has `levels` active learners, one
above the other. The lowest learns against the meta-strategy of all that is fixed, each higher one against that of the
fixed and of the lower ones as they are now: so it has begun on what will be asked of it once those are fixed. When the
lowest gets no better, or has learned long enough, it is fixed, the others move down, and a new one starts on top. With
one level it is PSRO whose oracle learns in slices.

The meta-strategy is that among the fixed and the active as they are now. Any number of sides; the paper has two.
Source: McAleer, Lanier, Fox and Baldi, "Pipeline PSRO: a scalable approach for finding approximate Nash equilibria in
large games", NeurIPS 2020, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from league.checked.metasolver import CheckedMetaSolver
from league.orders import Order
from league.payoffs.cells import Cell
from league.strategies.chain import chained
from league.strategies.founders import founders_of
from league.strategies.subset import solved_among
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import Job
from marl.registry import Registry
from marl.registry.ranges import at_least
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Who learns, how many at once, and when a learner is fixed."""

    metasolver: Component = component("metasolvers", default="league/nash", help="payoff table -> mixtures")
    oracle: Component = component("algorithms", default="league/best_response", help="trains them, a slice a job")
    founder: Component = component("players", default="marl/random", help="the player that each side starts with")
    levels: int = 2
    """Active learners of each population; as many workers as there are in all keep them busy."""
    most: int = 4
    """Slices after which a learner is fixed, however much it still gains."""
    gain: float = 0.01
    """A learner is fixed, too, when its last slice earned no more than this beyond the one before."""

    def __post_init__(self) -> None:
        at_least(self, 1, "levels", "most")


@dataclass
class Pipeline:
    """The learners of one population, the lowest first; players are places in it."""

    fixed: list[int]
    copies: int = 0  # how many of the last fixed learners were the same as somebody fixed before
    left: list[list[int]] = field(default_factory=list)  # what each learner left behind; [] where it has yet to
    done: int = 0  # learners that are fixed

    @property
    def active(self) -> list[int]:
        """The newest player of each active learner that has one."""
        return [places[-1] for places in self.left[self.done :] if places]

    def below(self, learner: int) -> list[int]:
        """The fixed, and the active learners below this one as they are now."""
        return self.fixed + [places[-1] for places in self.left[self.done : learner] if places]


class PipelinePSRO:
    """Asked at every completion. What it knows of its learners follows from the players and payoffs."""

    continues = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        self.params, self.registry = params or Params(), registry
        self.solve = CheckedMetaSolver(self.params.metasolver, registry)

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names."""
        return founders_of(self.params.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """The next slice of every active learner that does not learn just now; none where nothing new is found."""
        lines, busy = self.pipelines(view), {order.lineage for order in running}
        if all(line.copies > self.params.levels for line in lines):
            return []
        return list(self._slices(view, lines, busy))

    def _slices(self, view: LeagueView, lines: Sequence[Pipeline], busy: set[str]) -> Iterator[Order]:
        """Level by level, of each population."""
        for level, side in product(range(self.params.levels), range(len(lines))):
            number = lines[side].done + level
            if f"{view.names[side]}_{number}" not in busy:
                yield self._slice(view, lines, side, number)

    def _slice(self, view: LeagueView, lines: Sequence[Pipeline], side: int, number: int) -> Order:
        """The order of a learner's next job: against the meta-strategy of what is below it."""
        name, oracle = f"{view.names[side]}_{number}", self.params.oracle
        level = number - lines[side].done
        chosen = [line.below(line.done + level) for line in lines]
        weights = view.payoffs.by_side(solved_among(view.payoffs, chosen, self.solve, "league/pipeline_psro"))
        mixtures = []
        for other, mixture in enumerate(view.payoffs.merged(weights)):
            players = view.populations[view.population(other)]
            mixtures.append(tuple((players[n].snapshot, float(mixture[n])) for n in np.flatnonzero(mixture > 0)))
        before = view.lineages.get(name)
        job = Job(
            algorithm=oracle.name,
            params=chained(oracle, self.params.most),
            side=side,
            opponents=tuple(() if other == side else mixture for other, mixture in enumerate(mixtures)),
            seed=int(rng.mix(view.seed, side, number, before.done if before is not None else 0)[0]),
            parent=before.checkpoint if before is not None else None,
        )
        return Order(job, name)

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """Everybody who is fixed or active against everybody."""
        kept = [line.fixed + line.active for line in self.pipelines(view)]
        return [Cell(cell) for cell in product(*view.payoffs.by_side(kept))]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """What the meta-solver makes of those who are fixed or active."""
        chosen = [sorted({*line.fixed, *line.active}) for line in self.pipelines(view)]
        solved = solved_among(view.payoffs, chosen, self.solve, "league/pipeline_psro")
        return [tuple(mixture.tolist()) for mixture in solved]

    def ended(self, view: LeagueView) -> str:
        """See `league.strategy.Ending`."""
        return f"the last {self.params.levels + 1} best responses of each population were there before"

    def pipelines(self, view: LeagueView) -> list[Pipeline]:
        """The learners of each population, as they stand after the last player that was born."""
        lines = [
            Pipeline([n for n, player in enumerate(players) if not player.lineage]) for players in view.populations
        ]
        births = (
            (player.born, side, place, player.lineage)
            for side, players in enumerate(view.populations)
            for place, player in enumerate(players)
        )
        for born, side, place, lineage in sorted(births):
            if lineage:
                number = int(lineage.rpartition("_")[2])
                left = lines[side].left
                left.extend([] for _ in range(number + 1 - len(left)))
                left[number].append(place)
                self._fix(view, lines[side], side, born)
        return lines

    def _fix(self, view: LeagueView, line: Pipeline, side: int, born: int) -> None:
        """Fix the lowest learners, as far as they are done."""
        first = view.payoffs.first[side]
        while line.done < len(line.left) and (left := line.left[line.done]):
            if len(left) < self.params.most and (
                len(left) < 2 or self._gained(view, side, left, born) > self.params.gain
            ):
                return
            known = any(first[one] == first[left[-1]] for one in line.fixed)
            line.copies = line.copies + 1 if known else 0
            line.fixed.append(left[-1])
            line.done += 1

    def _gained(self, view: LeagueView, side: int, left: Sequence[int], born: int) -> float:
        """By how much a learner's last player earns more than the one before, against the meta-strategy of then."""
        weight = np.ones(())
        sizes = view.payoffs.sizes
        for other, mixture in enumerate(view.payoffs.by_side(view.iterations[born - 1].mixtures)):
            if other != side:
                weight = np.multiply.outer(weight, np.pad(np.asarray(mixture), (0, sizes[other] - len(mixture))))
        earned = np.moveaxis(view.payoffs[side], side, 0)
        gained = earned[left[-1]] - earned[left[-2]]
        known = np.isfinite(gained) & (weight > 0)
        return float((gained[known] * weight[known]).sum() / weight[known].sum()) if known.any() else np.inf
