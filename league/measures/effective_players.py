"""The effective number of players: how many the meta-strategy really uses.

The exponential of the entropy of a side's mixture, between 1 and the number of its players: the Hill number of order
1, the true diversity of a population whose members are alike where they are the same and otherwise not. Players that
are the same count once. Source: Hill, "Diversity and evenness: a unifying notation and its consequences", Ecology 54
(1973), equation 3 at a = 1; Jost, "Entropy and diversity", Oikos 113 (2006).
"""

from __future__ import annotations

import numpy as np

from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.types import Floats


class EffectivePlayers:
    """The mean over the populations. Exact, since mixtures are."""

    about = About(
        "Effective players",
        "The exponential of the entropy of a side's mixture, on average over the sides: how many players it really "
        "uses. At 1 a single player answers everything.",
        least=1.0,
    )

    def measure(self, view: LeagueView, services: LeagueServices) -> Value:
        """See `league.measures.Measure`."""
        mixtures = view.payoffs.merged(view.iterations[-1].mixtures)
        return Value.exact(float(np.mean([effective(mixture) for mixture in mixtures])))


def effective(weights: Floats) -> float:
    """The exponential of the entropy of a mixture; 0 where nothing has weight."""
    positive = weights[weights > 0]
    return float(np.exp(-(positive * np.log(positive)).sum())) if positive.size else 0.0
