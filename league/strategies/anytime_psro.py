"""Anytime PSRO: the meta-strategy is that of the known players which is hardest to exploit, by anybody at all.

Why: PSRO's meta-strategy is an equilibrium among the known players, and others may exploit it, now and then more with
every player that joins, until late. Here each side's mixture is the best that its known players have against all who
were ever trained against them. In an epoch of `steps` rounds the best response to it is trained, and it is mixed anew,
so that it comes to the mixture whose best response earns least, which a further player never makes worse. At the end
of the epoch those join the known who hold the other side's mixture down, and what was mixed is the meta-strategy until
the next is over. With exact best responses and enough steps it is anytime double oracle. For zero-sum games of two
sides.
Source: McAleer, Wang, Lanctot, Lanier, Baldi and Fox, "Anytime optimal PSRO for two-player zero-sum games", 2022,
algorithm 1. The game of a side's known players against everybody is solved by cutting planes (Kelley 1960), which is
their double oracle on it, instead of by regret minimisation; who joins is then the support of the other's strategy.
Rounds are counted without the iterations that operations make, so that these move no epoch; who is added in the middle
of one is among those who are met from then on, as if its round had brought it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from league.metasolvers.nash import zero_sum
from league.orders import Order
from league.payoffs.cells import Cell
from league.strategies import responses
from league.strategies.founders import opposed
from league.strategy import Weights
from league.view import LeagueView
from marl.env import EnvSpec
from marl.job import Mixture
from marl.registry import Registry
from marl.registry.ranges import at_least
from marl.snapshot import Snapshot
from marl.types import Bools, Floats

_LEAST = 1e-9  # a weight that counts


@dataclass
class Params(responses.Params):
    """Those of best responses, and how long mixtures are tried before players join."""

    steps: int = 5
    """Rounds of an epoch: best responses that each side's mixture is tried by for every player of it that joins."""

    def __post_init__(self) -> None:
        at_least(self, 1, "steps")


class AnytimePSRO(responses.Responses):
    """All follows from the rounds in which players were born, and from the payoffs of known ones."""

    name = "league/anytime_psro"

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(registry, params)
        self.steps = params.steps
        self._found: dict[int, tuple[str, list[list[int]]]] = {}  # who was known, and in what; saves solving it again

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where there are not two sides that want the opposite."""
        opposed(spec, self.name, "to be exploited is to lose there")
        return super().founders(spec)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """A best response of each population to the other's mixture; none where an epoch found nothing new."""
        done, populations = view.rounds(view.iterations[-1].number), range(len(view.populations))
        epoch = done // self.steps
        if done and done % self.steps == 0 and self._over(view, epoch):
            return []
        known = self._known(view, epoch)
        weights = [self._solved(view, known, one, done)[0] for one in populations]
        weights = view.payoffs.by_side(weights)
        mixtures = [self._mixture(view, view.population(side), one) for side, one in enumerate(weights)]
        return [self.ordered(view, side, mixtures, None, self.parent(view, side, weights)) for side in populations]

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """The known players of each side against everybody of the other."""
        now = _now(view)
        asked = self._asked(view, max(now - 1, 0) // self.steps)
        if np.isfinite(view.payoffs[0][asked]).all():  # so that it is clear who is known from now on
            asked |= self._asked(view, now // self.steps)
        return [Cell(tuple(cell)) for cell in np.argwhere(asked).tolist()]

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """What was mixed at the end of the last epoch that is over, of those who were known in it."""
        epoch = _now(view) // self.steps
        known = self._known(view, max(epoch - 1, 0))
        mixed = [self._solved(view, known, one, epoch * self.steps)[0] for one in range(len(view.populations))]
        return [tuple(weights.tolist()) for weights in mixed]

    def _asked(self, view: LeagueView, epoch: int) -> Bools:
        """The cells of those who are known in an epoch."""
        asked = np.zeros(view.payoffs.sizes, dtype=np.bool_)
        known, now = self._known(view, epoch), _now(view)
        mixed = [self._mixed(view, known, one, min(now, (epoch + 1) * self.steps)) for one in range(len(known))]
        for side, players in enumerate(view.payoffs.by_side(mixed)):
            np.moveaxis(asked, side, 0)[players] = True
        return asked

    def _over(self, view: LeagueView, epoch: int) -> bool:
        """Whether an epoch brought nobody to the known, and its last best responses had been there before."""
        new = [
            view.rounds(player.born) == epoch * self.steps and first[n] == n
            for players, first in zip(view.populations, view.payoffs.first, strict=True)
            for n, player in enumerate(players)
        ]
        return not any(new) and self._known(view, epoch) == self._known(view, epoch - 1)

    def _known(self, view: LeagueView, epoch: int) -> list[list[int]]:
        """Who is known in an epoch, of each population; of players that are the same the first."""
        known, begun = self._begun(view, epoch)
        for before in range(begun, epoch):
            end = (before + 1) * self.steps
            joining = [self._mixed(view, known, number, end) for number in range(len(known))]
            for number in range(len(known)):
                met = self._solved(view, known, number, end)[1]
                joining[view.population(1 - number)] += np.flatnonzero(met > _LEAST).tolist()
            known = [sorted(set(one)) for one in joining]
            self._found[before + 1] = (self._of(view, before + 1), [list(one) for one in known])
        return known

    def _begun(self, view: LeagueView, epoch: int) -> tuple[list[list[int]], int]:
        """Who is known in the last epoch up to this one that was found already, and its number; else the founders."""
        for number in range(epoch, 0, -1):
            payoffs, known = self._found.get(number, ("", []))
            if known and payoffs == self._of(view, number):
                return [list(one) for one in known], number
        pairs = zip(view.populations, view.payoffs.first, strict=True)
        return [
            sorted({int(first[n]) for n, one in enumerate(players) if view.rounds(one.born) == 0})
            for players, first in pairs
        ], 0

    def _of(self, view: LeagueView, epoch: int) -> str:
        """What decides who is known in an epoch: a hash of the payoffs among those who were born before it."""
        end = epoch * self.steps
        born = [sum(view.rounds(one.born) <= end for one in players) for players in view.populations]
        payoffs = view.payoffs.upto(born)
        return blake2b(b"".join(array.tobytes() for array in (payoffs.mean, *payoffs.first))).hexdigest()

    def _mixed(self, view: LeagueView, known: Sequence[Sequence[int]], number: int, upto: int) -> list[int]:
        """Of whom a population's mixture is made, when those who were born by round `upto` are there: the known."""
        return list(known[number])

    def _solved(
        self, view: LeagueView, known: Sequence[Sequence[int]], number: int, upto: int
    ) -> tuple[Floats, Floats]:
        """The game of those whom a population mixes against all who were born opposite by a round.

        The optimal mixture of the population, `float64[n]`, and of those opposite, `float64[m]`.
        """
        other = view.population(1 - number)  # a population's number is that of the first side that it plays
        players, first = view.populations[other], view.payoffs.first[other]
        met = [n for n, one in enumerate(players) if view.rounds(one.born) <= upto and first[n] == n]
        mixed = self._mixed(view, known, number, upto)
        returns = np.moveaxis(view.payoffs[number], number, 0)[np.ix_(mixed, met)]
        own, theirs = zero_sum(returns / (np.abs(returns).max(initial=0.0) or 1.0))
        mixture, held = np.zeros(len(view.populations[number])), np.zeros(len(players))
        mixture[mixed], held[met] = own, theirs
        return mixture, held

    def _mixture(self, view: LeagueView, population: int, weights: Floats) -> Mixture:
        players = view.populations[population]
        return tuple((players[n].snapshot, float(weights[n])) for n in np.flatnonzero(weights > 0))

    def ended(self, view: LeagueView) -> str:
        """See `league.strategy.Ending`."""
        return "no best response to the meta-strategy is new, so nothing would change from here"


def _now(view: LeagueView) -> int:
    """The round of the iteration that is being concluded."""
    return view.rounds(len(view.iterations))
