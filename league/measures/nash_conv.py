"""NashConv: what all sides together could still gain by best responses to the others' mixtures.

Exact, in sequence form. Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement
learning", NeurIPS 2017, section 4; divided by the number of sides it is what many papers call exploitability
(Johanson et al., "Accelerating best response calculation in large extensive games", IJCAI 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.errors import UserError
from marl.job import Mixture


class NashConv:
    """For games with a sequence form, however their payoffs are found."""

    about = About(
        "NashConv",
        "It sums what each side could still gain by a best response to the others; 0 is a Nash equilibrium.",
        better="less",
        log=True,
        least=0.0,
        per_side="Exploitability",
    )

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`."""
        try:
            services.exact()
        except UserError as error:
            raise UserError(
                f"nash_conv needs a game with a sequence form: use stop.iterations or stop.seconds, or measure "
                f"exploitability, which learns what this computes ({error})"
            ) from error

    def parts(self, view: LeagueView) -> list[list[Mixture]]:
        """One: the mixture of every side."""
        return [[view.mixture(side) for side in range(len(view.sides))]]

    def work(self, part: list[Mixture], services: LeagueServices) -> float:
        """See `league.measures.InParts`."""
        game = services.exact()
        return game.form.nash_conv([game.mixture(side, mixture) for side, mixture in enumerate(part)])

    def value(self, view: LeagueView, found: Sequence[float]) -> Value:
        """See `league.measures.InParts`."""
        return Value.exact(found[0])
