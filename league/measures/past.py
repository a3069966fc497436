"""Against the past: how often the meta-strategy wins against earlier players, in fresh matches.

A league that goes in circles beats the newest of its past and loses to what it has forgotten; one that gets better wins
more. Players of the past are met alike, evenly spaced over the league's history.
Source: Vinyals et al., "Grandmaster level in StarCraft II", Nature 575 (2019), whose league keeps its past so that
nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.measures.crowd import crowd, opposed_by_somebody, played, points
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl import rng
from marl.job import Mixture
from marl.registry.ranges import at_least

_USE = 0x70617374  # what the seed is mixed for


@dataclass
class Params:
    """How much of the past, how often, and how precisely."""

    players: int = 32
    """Earlier players of each population, evenly spaced over its history."""
    matches: int = 1000
    """Fresh matches, over all sides; four times as many halve the interval."""
    every: int = 1
    """Measure after every so many iterations."""
    lanes: int = 256
    """Matches played in lockstep."""

    def __post_init__(self) -> None:
        at_least(self, 1, "players", "matches", "every", "lanes")


@dataclass(frozen=True)
class Part:
    """The meta-strategy of every side at the end of iteration `number`, and the past of every side."""

    number: int
    now: tuple[Mixture, ...]
    past: tuple[Mixture, ...]


class Past:
    """For games that somebody wins: wins, and half the draws, against those who were born before the last iteration."""

    about = About(
        "Won against the past",
        "How often the meta-strategy wins against earlier players of the league in fresh matches, a draw counting "
        "half. At a half it is no better than its past; where strength goes in circles it falls again.",
        better="more",
        least=0.0,
    )

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`."""
        opposed_by_somebody(services, "past")

    def parts(self, view: LeagueView) -> list[Part] | None:
        """One; None where nobody was born before, or this iteration is not measured."""
        number, sides = view.iterations[-1].number, range(len(view.sides))
        if number % self.params.every:
            return None
        past = tuple(self._past(view, side) for side in sides)
        return [Part(number, tuple(map(view.mixture, sides)), past)] if all(past) else None

    def _past(self, view: LeagueView, side: int) -> Mixture:
        """Those of a side who were born before the last iteration, evenly spaced, alike."""
        population, number = view.population(side), view.iterations[-1].number
        first = view.payoffs.first[population]
        players = view.populations[population]
        old = [n for n, player in enumerate(players) if player.born < number and first[n] == n]
        chosen = np.unique(np.linspace(0, len(old) - 1, min(len(old), self.params.players)).round().astype(int))
        return tuple((players[old[place]].snapshot, 1.0 / len(chosen)) for place in chosen.tolist()) if old else ()

    def work(self, part: Part, services: LeagueServices) -> tuple[int, int, int]:
        """Wins, draws and losses of the meta-strategy."""
        seed = int(rng.mix(services.seed, _USE, part.number)[0])
        ours, theirs = crowd(part.now, services), crowd(part.past, services, "past")
        score = played(ours, theirs, self.params.matches, self.params.lanes, seed, services)
        return score.wins, score.draws, score.losses

    def value(self, view: LeagueView, found: Sequence[tuple[int, int, int]]) -> Value:
        """See `league.measures.InParts`."""
        return points(found)
