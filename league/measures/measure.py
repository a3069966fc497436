"""What a measure is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from league.value import About, Value

if TYPE_CHECKING:
    from league.services import LeagueServices
    from league.view import LeagueView


class Look(Protocol):
    """A measure that looks at the league, and is done: it takes no time to speak of.

    Made by calling a registered target with its parameters, as `InParts`.
    """

    @property
    def about(self) -> About:
        """What people read of it."""

    def measure(self, view: LeagueView, services: LeagueServices) -> Value | None:
        """The measure of the league at the end of `view.iterations[-1]`, whose mixtures are decided; None: not now.

        It is a function of the view and `services.seed` alone, so that a killed league measures the same again. It
        adds nothing to the league: whom it trains is no player, and what it plays is in no payoff.
        """


@runtime_checkable
class InParts(Protocol):
    """A measure that takes time, or plays policies: its parts are done by workers, side by side.

    Parts and what comes of them travel between processes (they can be pickled), and are few and small: what a part
    needs of the view, and no more. What comes of a part follows from it and `services.seed` alone.
    """

    @property
    def about(self) -> About:
        """What people read of it."""

    def parts(self, view: LeagueView) -> Sequence[Any] | None:
        """What has to be done for the measure at the end of `view.iterations[-1]`; None: not this time."""

    def work(self, part: Any, services: LeagueServices) -> Any:
        """Do a part, in any process."""

    def value(self, view: LeagueView, found: Sequence[Any]) -> Value | None:
        """The measure, from what came of all parts, in their order."""


Measure: TypeAlias = Look | InParts


@runtime_checkable
class Needing(Protocol):
    """A measure that cannot be taken of every league."""

    def needs(self, services: LeagueServices) -> None:
        """Raises UserError, before anything is written, where this league has not what it needs."""
