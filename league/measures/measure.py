"""What a measure is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from league.value import About, Value

if TYPE_CHECKING:
    from league.services import LeagueServices
    from league.view import LeagueView


class Measure(Protocol):
    """Made by calling a registered target with its parameters."""

    @property
    def about(self) -> About:
        """What people read of it."""

    def measure(self, view: LeagueView, services: LeagueServices) -> Value | None:
        """The measure of the league at the end of `view.iterations[-1]`, whose mixtures are decided; None: not now.

        It is a function of the view and `services.seed` alone, so that a killed league measures the same again. It
        adds nothing to the league: whom it trains is no player, and what it plays is in no payoff.
        """


@runtime_checkable
class Needing(Protocol):
    """A measure that cannot be taken of every league."""

    def needs(self, services: LeagueServices) -> None:
        """Raises UserError, before anything is written, where this league has not what it needs."""
