"""Against fixed yardsticks: how often the meta-strategy wins against players who never learn, in fresh matches.

Ratings inside a league say who is stronger than whom there; only somebody from outside, who stays as he is, says
whether the league as a whole gets anywhere.
Source: Silver et al., "Mastering the game of Go without human knowledge", Nature 550 (2017), which measures self-play
against fixed players.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from league.measures.crowd import crowd, opposed_by_somebody, played, points
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl import rng
from marl.job import Mixture
from marl.registry.component import is_path
from marl.registry.ranges import at_least
from marl.run.players import Contestant, contestant, typed
from marl.scenario import Component, component
from marl.services import scripted

_USE = 0x79617264  # what the seed is mixed for


@dataclass
class Params:
    """Against whom, how often, and how precisely."""

    against: list[Component] = component("players", default=["marl/random"], help="who stays as he is, each alike")
    matches: int = 1000
    """Fresh matches with each of them, over all sides."""
    every: int = 1
    """Measure after every so many iterations."""
    lanes: int = 256
    """Matches played in lockstep."""

    def __post_init__(self) -> None:
        at_least(self, 1, "matches", "every", "lanes")
        if not self.against:
            raise ValueError("against: name a player, as in [marl/random]")


@dataclass(frozen=True)
class Part:
    """The meta-strategy of every side at the end of iteration `number`, and the yardstick by its place."""

    number: int
    now: tuple[Mixture, ...]
    yardstick: int


class Yardsticks:
    """For games that somebody wins: wins, and half the draws, on average over the yardsticks."""

    about = About(
        "Won against yardsticks",
        "How often the meta-strategy wins against fixed players in fresh matches, a draw counting half, on average "
        "over them.",
        better="more",
        least=0.0,
    )

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`. Raises UserError where a yardstick cannot play here."""
        opposed_by_somebody(services, "yardsticks")
        for one in self.params.against:
            self._found(one, services).player(services.registry, services.spec)

    def parts(self, view: LeagueView) -> list[Part] | None:
        """One for each yardstick."""
        number = view.iterations[-1].number
        if number % self.params.every:
            return None
        now = tuple(view.mixture(side) for side in range(len(view.sides)))
        return [Part(number, now, place) for place in range(len(self.params.against))]

    def work(self, part: Part, services: LeagueServices) -> tuple[int, int, int]:
        """Wins, draws and losses of the meta-strategy."""
        rival = self._found(self.params.against[part.yardstick], services).player(services.registry, services.spec)
        seed = int(rng.mix(services.seed, _USE, part.number, part.yardstick)[0])
        score = played(crowd(part.now, services), rival, self.params.matches, self.params.lanes, seed, services)
        return score.wins, score.draws, score.losses

    def value(self, view: LeagueView, found: Sequence[tuple[int, int, int]]) -> Value:
        """See `league.measures.InParts`."""
        return points(found)

    @staticmethod
    def _found(one: Component, services: LeagueServices) -> Contestant:
        if is_path(one.name) or " " in one.name:
            return contestant(typed(one, services.registry), services.registry)
        return Contestant(one.name, (((scripted(one), 1.0),),))
