"""The CCE gap: what all sides could gain by leaving a joint distribution before it is drawn, together.

Exact, in sequence form: for each side the value of its best response to the others' part of the meta-strategy, less
what the meta-strategy earns. 0 is a coarse correlated equilibrium; where every side draws for itself it is NashConv.
Source: Marris et al., "Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers", ICML 2021.
"""

from __future__ import annotations

from collections.abc import Sequence

from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.job import Profile


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

    def parts(self, view: LeagueView) -> list[list[tuple[Profile, ...]]]:
        """One: the profiles of all, then those in which each side is left out."""
        return [[view.profiles(), *map(view.profiles, range(len(view.sides)))]]

    def work(self, part: list[tuple[Profile, ...]], services: LeagueServices) -> float:
        """See `league.measures.InParts`."""
        game, gap = services.exact(), 0.0
        now = game.returns(part[0])
        for side, others in enumerate(part[1:]):
            _, best = game.form.players[side].best(game.gradient(side, others))
            gap += max(best - float(now[side]), 0.0)
        return gap

    def value(self, view: LeagueView, found: Sequence[float]) -> Value:
        """See `league.measures.InParts`."""
        return Value.exact(found[0])
