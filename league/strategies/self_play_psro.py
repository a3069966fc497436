"""Self-play PSRO: anytime PSRO in which a mixing policy that learns against the best responses joins in every epoch.

Why: best responses are pure where they can be, and an equilibrium may take a mixture of very many of them. Here each
side has, in every epoch, a learner of its own that meets the other side's best responses as they come. Its average so
far is among those whom its side mixes, so it is answered as they are; at the end of the epoch it joins the known. A
learner without regret ends near the best mixture of the whole game, not only of those who are known, so that few
epochs do. The learner is any algorithm that goes on from its checkpoint and whose player is an average, or mixes by
itself: `tabular/cfr_plus` where the tree fits, else one with averaged weights or a magnet. For zero-sum games of two
sides.
Source: McAleer, Lanier, Wang, Baldi, Sandholm and Fox, "Toward optimal policy population growth in two-player zero-sum
games", ICLR 2024 ("Self-Play PSRO", 2022). They learn by off-policy Q-learning and distil the average over time; the
epoch is that of `anytime_psro`, which says how it differs from theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from league.orders import Order
from league.strategies import anytime_psro
from league.strategies.chain import chained
from league.view import LeagueView
from marl import rng
from marl.job import Job, Mixture
from marl.registry import Registry
from marl.scenario import Component, component

ROLE = "self_play"  # of the players that learn in an epoch


@dataclass
class Params(anytime_psro.Params):
    """Those of anytime PSRO, and who learns to mix."""

    learner: Component = component(
        "algorithms",
        default=Component("tabular/cfr_plus", {"iterations": 1}),
        help="learns against the best responses, a slice a round; its players are averages",
    )
    steps: int = 10
    """Rounds of an epoch: best responses, and slices of the learners."""


class SelfPlayPSRO(anytime_psro.AnytimePSRO):
    """An epoch has two learners more than one of anytime PSRO; whose players are whose is told by role and birth."""

    name = "league/self_play_psro"

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(registry, params)
        self.learner, self.continues = params.learner, True

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """A best response of each population to the other's mixture, and a slice of each one's learner."""
        orders = super().next(view, running)
        return [*orders, *(self._slice(view, side) for side in range(len(view.populations)))] if orders else []

    def _slice(self, view: LeagueView, side: int) -> Order:
        """The next slice of an epoch's learner of a side, against the other side's newest best response."""
        done = view.rounds(view.iterations[-1].number)
        name = f"{view.names[side]}_{done // self.steps}"
        responses = [one for one in view.populations[view.population(1 - side)] if one.role != ROLE]
        met: Mixture = ((responses[-1].snapshot, 1.0),)
        before = view.lineages.get(name)
        job = Job(
            algorithm=self.learner.name,
            params=chained(self.learner, self.steps),
            side=side,
            opponents=tuple(() if other == side else met for other in range(len(view.sides))),
            seed=int(rng.mix(view.seed, done + 1, side, len(view.sides))[0]),
            parent=before.checkpoint if before is not None else None,
        )
        return Order(job, name, ROLE)

    def _mixed(self, view: LeagueView, known: Sequence[Sequence[int]], number: int, upto: int) -> list[int]:
        """The known, and what the learner of the present epoch was last."""
        begun = (upto - 1) // self.steps * self.steps
        players = view.populations[number]
        own = [n for n, one in enumerate(players) if one.role == ROLE and begun < view.rounds(one.born) <= upto]
        newest = {int(view.payoffs.first[number][own[-1]])} if own else set()
        return sorted({*known[number], *newest})
