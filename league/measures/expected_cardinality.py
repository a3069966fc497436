"""Expected cardinality: how many different players a population has, by what they earn.

A determinantal point process whose kernel is `L = M M^T`, with a row of `M` for what each player earns from everybody,
draws sets of players that differ. The expected size of what it draws is `Tr(I - (L + I)^-1)`, the sum of
`e / (1 + e)` over the eigenvalues `e` of `L`: who earns the same as others, in proportion, adds little, and copies add
nothing. It depends on the unit of payoffs: small ones make all players look alike.
Source: Perez-Nieves et al., "Modelling behavioural diversity for learning in open-ended games", ICML 2021, which takes
it as the diversity of a population; Kulesza and Taskar, "Determinantal point processes for machine learning", 2012.
"""

from __future__ import annotations

import numpy as np

from league.diversity.cardinality import expected_cardinality
from league.payoffs import Payoffs
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.errors import UserError
from marl.types import Floats


class ExpectedCardinality:
    """The mean over the populations, of those players of whom all pairings are known. Its chance is that of payoffs."""

    about = About(
        "Expected cardinality",
        "How many different players a population has, by what they earn from everybody: the expected size of what a "
        "determinantal point process draws from them. Players that earn alike count little more than one.",
        better="more",
        least=0.0,
    )

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`."""
        if len(services.spec.sides) != 2:
            raise UserError("expected_cardinality needs a game of two sides: leave it out of measures and stop")

    def measure(self, view: LeagueView, services: LeagueServices) -> Value | None:
        """See `league.measures.Look`. None where no player's pairings are all known."""
        tables = earned(view.payoffs.distinct())
        if any(not len(table) for table in tables):
            return None
        return Value.exact(float(np.mean([expected_cardinality(table) for table in tables])))


def earned(payoffs: Payoffs) -> list[Floats]:
    """For each population `[n, m]`: what each player earns from everybody of the other side, where all of it is known.

    Who has a pairing that nobody played is left out, on both sides.
    """
    mean = payoffs[0]
    known = np.isfinite(mean)
    mine = known.mean(axis=1) == known.mean(axis=1).max(initial=0.0)
    theirs = known[mine].all(axis=0)
    if payoffs.symmetric:
        return [mean[np.ix_(mine & theirs, mine & theirs)]]
    return [mean[np.ix_(mine, theirs)], payoffs[1][np.ix_(mine, theirs)].T]
