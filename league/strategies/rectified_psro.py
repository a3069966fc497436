"""Rectified PSRO: every player that has weight is answered to where it wins already, so that niches are filled.

Why: best responses to the whole mixture tend to look alike. Here each player in the support of the meta-strategy has a
best response of its own, to the part of it that this player beats or ties: strengths are amplified, weaknesses ignored.
It need not end at an equilibrium: it is over once the answers of all niches are known (McAleer et al., NeurIPS 2020,
have examples). For zero-sum games of two sides; to beat is to earn at least what the meta-strategy does.
Source: Balduzzi, Garnelo, Bachrach, Czarnecki, Perolat, Jaderberg and Graepel, "Open-ended learning in symmetric
zero-sum games", ICML 2019, algorithm 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from league.orders import Order
from league.strategies import psro
from league.strategies.founders import opposed
from league.strategies.responses import settled
from league.view import LeagueView
from marl.env import EnvSpec
from marl.snapshot import Snapshot

Params = psro.Params
_CLOSE = 1e-9  # what is a tie


class RectifiedPSRO(psro.PSRO):
    """Several best responses a round: one from each player that has weight."""

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. Raises UserError where there are not two sides that want the opposite."""
        opposed(spec, "league/rectified_psro", "who is beaten is to be known")
        return super().founders(spec)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """A best response from everybody who has weight; none where the last round changed nothing."""
        if settled(view):
            return []
        return [order for side in range(len(view.populations)) for order in self._niches(view, side)]

    def _niches(self, view: LeagueView, side: int) -> Iterator[Order]:
        """The orders of a side, from each of its players with weight against whom it beats or ties."""
        payoffs, last = view.payoffs, view.iterations[-1]
        own, theirs = payoffs.by_side(payoffs.merged(last.mixtures))[:: 1 if side == 0 else -1]
        earned = np.moveaxis(payoffs[side], side, 0)
        supported = np.flatnonzero(theirs > 0)
        worth = float(own @ np.nan_to_num(earned[:, supported]) @ theirs[supported])
        opposite = view.populations[view.population(1 - side)]
        for number in np.flatnonzero(own > 0).tolist():
            beaten = theirs * (np.nan_to_num(earned[number], nan=-np.inf) >= worth - _CLOSE)
            weights = beaten / beaten.sum() if beaten.any() else theirs
            mixture = tuple((opposite[n].snapshot, float(weights[n])) for n in np.flatnonzero(weights > 0))
            parent = view.populations[side][number].checkpoint if self.continues else None
            yield self.ordered(view, side, [mixture, mixture], None, parent, number)
