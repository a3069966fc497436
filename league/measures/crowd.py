"""Whom measures play with: a meta-strategy as one player, and how often somebody wins against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.services import LeagueServices
from league.value import Value
from marl.errors import UserError
from marl.evaluation import Player, Score, measure, wilson
from marl.job import Mixture
from marl.services import explained


def crowd(mixtures: Sequence[Mixture], services: LeagueServices, name: str = "meta-strategy") -> Player:
    """Mixtures over snapshots, one for each side, as one player."""
    snapshots = sorted({id for mixture in mixtures for id, _ in mixture})
    weights = np.zeros((len(mixtures), len(snapshots)))
    for side, mixture in enumerate(mixtures):
        for id, weight in mixture:
            weights[side, snapshots.index(id)] = weight
    return Player(name, [services.policy(id) for id in snapshots], weights)


def played(player: Player, rival: Player, matches: int, lanes: int, seed: int, services: LeagueServices) -> Score:
    """Fresh matches of two players, evenly over the sides."""
    with explained(services.env, services.registry):
        return measure(services.arena(lanes), player, rival, matches, seed)


def points(scores: Sequence[tuple[int, int, int]]) -> Value:
    """Wins and half the draws as a share of all matches, of (wins, draws, losses), with the Wilson interval."""
    won, matches = sum(w + 0.5 * d for w, d, _ in scores), sum(map(sum, scores))
    low, high = wilson(won, matches)
    share = won / matches
    return Value(share, min(low, share), max(high, share))


def opposed_by_somebody(services: LeagueServices, name: str) -> None:
    """Raises UserError where a game has one side only, so that there is nobody to win against."""
    if len(services.spec.sides) < 2:
        raise UserError(f"{name} needs a game of two sides or more: leave it out of measures and stop")
