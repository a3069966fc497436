"""Logit equilibrium (quantal response, QRE): better players are likelier, and nobody is left out.

Why: it is a smooth function of the table, so that noise moves it little, and it meets every player now and then. Its
`rationality` goes from uniform (0) to a Nash equilibrium (infinite). It is the one on the path from uniform play, see
`tracing.py`; any number of sides, general sum.
Source: McKelvey and Palfrey, "Quantal response equilibria for normal form games", Games and Economic Behavior 10, 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.metasolvers.tracing import LogitGame, trace
from league.payoffs import Payoffs
from marl.errors import RunError
from marl.registry.ranges import at_least
from marl.types import Floats


@dataclass
class Params:
    """How much payoffs count."""

    rationality: float = 20.0
    """A player that earns 1 / rationality more, for payoffs scaled to [-1, 1], is e = 2.7 times as likely."""

    def __post_init__(self) -> None:
        at_least(self, 0, "rationality")


class Logit:
    """Solves to 1e-6. Players that are the same count as often as they are there."""

    def __init__(self, params: Params | None = None) -> None:
        self.rationality = (params or Params()).rationality

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """The mixture of each side, `float64[n]`."""
        game = LogitGame(payoffs, max(float(np.abs(table).max(initial=0.0)) for table in payoffs) or 1.0)
        *_, last = trace(game, self.rationality)
        if last[-1] < self.rationality:
            raise RunError(
                f"logit equilibria of a payoff table of {payoffs.sizes} could be followed to a rationality "
                f"of {last[-1]:g} only, not to {self.rationality:g}; try less, or league/prd"
            )
        mixtures = game.mixtures(last)
        return mixtures * len(payoffs) if payoffs.symmetric else mixtures
