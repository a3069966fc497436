"""Elo of the population: how much stronger the newest player of each population is than its first.

Strengths are fitted to the payoff table by maximum likelihood: with a difference of D Elo the expected score is
`1 / (1 + 10^(-D/400))`, a draw counting half (Bradley and Terry, Biometrika 39, 1952; Elo, "The rating of
chessplayers", 1978). A weak normal prior (1,000 Elo) keeps whoever won everything finite. The interval is of the
matches' chance alone ("sandwich": White, Econometrica 50, 1982), none where payoffs are exact. Two more matches in
every pairing, half a point away from its score, keep a clean sweep from looking certain. Nothing is said where no
chain of pairings leads from the first player to the newest. Where strength goes in circles no such number can say who
beats whom: look at the payoffs.
"""

from __future__ import annotations

import math

import numpy as np

from league.payoffs import Payoffs
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.errors import UserError
from marl.evaluation import Z95
from marl.types import Floats, Ints

_SCALE = 400.0 / math.log(10.0)  # Elo in a unit of log odds
_PRIOR = (_SCALE / 1000.0) ** 2  # the precision of the prior, in log odds
_EXACT = 1000.0  # matches that an exact payoff weighs as much as


class Elo:
    """For zero-sum games of two sides whose returns are -1, 0 and 1: lost, drawn and won."""

    about = About(
        "Elo",
        "How many Elo the newest player is above the first, on average over the populations, by the payoffs of all.",
        better="more",
    )

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`."""
        spec = services.spec
        if len(spec.sides) != 2 or not spec.zero_sum or tuple(spec.returns) != (-1, 1):
            raise UserError(
                f"elo needs a zero-sum game of two sides in which a match returns 1, 0 or -1, and {services.env} has "
                f"{len(spec.sides)} side{'s' if len(spec.sides) != 1 else ''} and returns from {spec.returns[0]:g} to "
                f"{spec.returns[1]:g}: leave it out of measures and stop"
            )

    def measure(self, view: LeagueView, services: LeagueServices) -> Value | None:
        """See `league.measures.Measure`."""
        if not joined(view.payoffs):
            return None
        strengths, covariance, rows = fitted(view.payoffs)
        contrast = np.zeros(len(strengths))
        for side in rows:
            contrast[side[-1]] += 1 / len(rows)
            contrast[side[0]] -= 1 / len(rows)
        variance = float(contrast @ covariance @ contrast)
        return Value.around(_SCALE * float(contrast @ strengths), Z95 * _SCALE * max(variance, 0.0) ** 0.5)


def joined(payoffs: Payoffs) -> bool:
    """Whether chains of known pairings lead from the first player of each side to its newest."""
    table = payoffs.distinct()
    known = table.count > 0  # its own transpose where one population plays both sides
    for side, first in enumerate(payoffs.first):
        met = known if side == 0 else known.T
        reached = np.zeros(len(met), dtype=np.bool_)
        reached[0] = True
        for _ in range(len(met)):
            reached |= met[:, met[reached].any(axis=0)].any(axis=1)
        if not reached[np.unique(first).searchsorted(first[-1])]:
            return False
    return True


def fitted(payoffs: Payoffs) -> tuple[Floats, Floats, list[Ints]]:
    """Strengths in log odds `[P]`, their covariance by the matches' chance, and the row of each player by population.

    Players that are the same have one row, and so has who plays both sides. The level of a side and the advantage of
    moving first cannot be told apart; differences within a side can, and are what is asked for.
    """
    table = payoffs.distinct()
    starts = np.cumsum((0, *table.sizes[:1])) if not payoffs.symmetric else np.zeros(2, dtype=np.int64)
    firsts = [np.unique(one, return_inverse=True)[1] for one in payoffs.first]
    rows = [start + first for start, first in zip(starts, firsts, strict=False)]
    known = table.count > 0
    ones, twos = np.nonzero(np.triu(known, 1) if payoffs.symmetric else known)
    count = np.where(np.isinf(table.count[ones, twos]), _EXACT, table.count[ones, twos])
    score = (table.mean[0][ones, twos] + 1) / 2
    chance = count * table.variance[0][ones, twos] / 4 + 0.5 * np.isfinite(
        table.count[ones, twos]
    )  # of a sum of scores
    signs = np.zeros((len(ones), int(starts[-1]) + table.sizes[1]))
    signs[np.arange(len(ones)), ones] = 1.0
    signs[np.arange(len(ones)), starts[-1] + twos] = -1.0
    strengths = np.zeros(signs.shape[1])
    for _ in range(100):
        expected = 1 / (1 + np.exp(-signs @ strengths))
        slope = signs.T @ (count * (score - expected)) - _PRIOR * strengths
        curvature = (signs.T * (count * expected * (1 - expected))) @ signs + _PRIOR * np.eye(len(strengths))
        step = np.linalg.solve(curvature, slope)
        strengths += step / max(1.0, float(np.abs(step).max()))  # no step beyond a unit: far out the model is flat
        if np.abs(step).max() < 1e-10:
            break
    inverse = np.linalg.inv(curvature)
    if not np.isfinite(chance).all():
        return strengths, np.full(inverse.shape, np.inf), rows
    return strengths, inverse @ ((signs.T * chance) @ signs) @ inverse, rows
