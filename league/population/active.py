"""Who is still in a league: its view without the players that have retired, and answers about it led back to all.

Strategies, whoever wrote them, see only who is there. What they answer, a mixture or cells of the payoff table, is told
in the places of all players, of whom those that have retired have no weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from league.iteration import Iteration
from league.payoffs.cells import Cell
from league.payoffs.joint import Drawn, Joint
from league.view import LeagueView
from marl.types import Bools, Floats, Ints


class Active:
    """`whole` is the view of all; `view` that of the players who are there."""

    def __init__(self, whole: LeagueView) -> None:
        self.whole = whole
        self.everybody = all(player.retired is None for player in whole.players)

    @cached_property
    def places(self) -> list[Ints]:
        """Who is there, of each population: the places among all of it."""
        return [
            np.array([n for n, player in enumerate(players) if player.retired is None], dtype=np.int64)
            for players in self.whole.populations
        ]

    @cached_property
    def view(self) -> LeagueView:
        """The league as if nobody else had ever been there; mixtures of before may therefore sum to less than 1."""
        if self.everybody:
            return self.whole
        return replace(
            self.whole,
            players=tuple(player for player in self.whole.players if player.retired is None),
            iterations=tuple(map(self._iteration, self.whole.iterations)),
            payoffs=self.whole.payoffs.only(self.places),
        )

    def _iteration(self, iteration: Iteration) -> Iteration:
        mixtures = [
            np.asarray(mixture)[places[places < len(mixture)]].tolist()
            for mixture, places in zip(iteration.mixtures, self.places, strict=True)
        ]
        return replace(iteration, mixtures=tuple(mixtures), joint=self._drawn(iteration.joint))

    def _drawn(self, joint: Drawn | None) -> Drawn | None:
        if joint is None:
            return None
        by_side = self.whole.payoffs.by_side(self.places)
        new = [{int(place): n for n, place in enumerate(places)} for places in by_side]
        kept = [one for one in joint if all(place in known for place, known in zip(one[0], new, strict=True))]
        return tuple((tuple(known[n] for n, known in zip(cell, new, strict=True)), weight) for cell, weight in kept)

    @property
    def pairings(self) -> Bools | None:
        """The pairings of those who are there, `bool[n_0, n_1, ...]` over all; None where that is all of them."""
        if self.everybody:
            return None
        met = np.zeros(self.whole.payoffs.sizes, dtype=np.bool_)
        met[np.ix_(*self.whole.payoffs.by_side(self.places))] = True
        return met

    def cells(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """Cells of `view`, as cells of `whole`."""
        if self.everybody:
            return cells
        by_side = self.whole.payoffs.by_side(self.places)
        return [
            replace(cell, players=tuple(int(places[n]) for n, places in zip(cell.players, by_side, strict=True)))
            for cell in cells
        ]

    def mixtures(
        self, mixtures: Sequence[Sequence[float]], joint: Joint | None
    ) -> tuple[tuple[tuple[float, ...], ...], Joint | None]:
        """Mixtures, and a joint one, over the players of `view`, as those over all."""
        if self.everybody:
            return tuple(map(tuple, mixtures)), joint
        spread = []
        for mixture, places, players in zip(mixtures, self.places, self.whole.populations, strict=True):
            weights = np.zeros(len(players))
            weights[places] = mixture
            spread.append(tuple(weights.tolist()))
        if joint is None:
            return tuple(spread), None
        weighed: Floats = np.zeros(self.whole.payoffs.sizes)
        weighed[np.ix_(*self.whole.payoffs.by_side(self.places))] = joint.weights
        return tuple(spread), Joint(weighed)
