"""The CCE gap: what all sides could gain by leaving a joint distribution before it is drawn, together.

Exact, in sequence form: for each side the value of its best response to the others' part of the meta-strategy, less
what the meta-strategy earns. 0 is a coarse correlated equilibrium; where every side draws for itself it is NashConv.
Source: Marris et al., "Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers", ICML 2021.
"""

from __future__ import annotations

from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView


class CCEGap:
    """For games with a sequence form, however their payoffs are found."""

    about = About(
        "CCE gap",
        "It sums what each side could still gain by a best response to the others, who draw together as the "
        "meta-strategy says; 0 is a coarse correlated equilibrium.",
        better="less",
        log=True,
        least=0.0,
    )

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`. Raises UserError where there is no sequence form."""
        services.exact()

    def measure(self, view: LeagueView, services: LeagueServices) -> Value:
        """See `league.measures.Measure`."""
        game, gap = services.exact(), 0.0
        now = game.returns(view.profiles())
        for side in range(game.sides):
            _, best = game.form.players[side].best(game.gradient(side, view.profiles(side)))
            gap += max(best - float(now[side]), 0.0)
        return Value.exact(gap)
