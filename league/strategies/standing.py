"""Who is what in an AlphaStar league: learners, the newest player of each, and who was frozen into the league.

All of it follows from the players, in order of birth, and from the payoffs that were known when each was born: a league
that was killed sees the same.
Source: Vinyals et al., Nature 575 (2019), pseudocode, `ready_to_checkpoint` and `checkpoint` of the three roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from league.strategies.priorities import chances
from league.view import LeagueView
from marl import rng
from marl.types import Floats

MAIN, MAIN_EXPLOITER, LEAGUE_EXPLOITER = "main", "main_exploiter", "league_exploiter"


@dataclass(frozen=True)
class Learner:
    """One who learns: `side` is the one it plays, the first where one population plays all."""

    name: str
    role: str
    side: int


@dataclass(frozen=True)
class Freezing:
    """When a learner's newest player is frozen into the league, and what comes then."""

    least: int  # slices that it learns before
    most: int  # and after so many it is, however weak
    strong: float  # the chance to beat everybody whom it has to with which it is
    reset: float  # how often a league exploiter begins anew
    win: float  # what a match that is won for sure returns


@dataclass
class Standing:
    """`historical[p]` are the frozen players of population `p`, founders among them; players are places in theirs."""

    view: LeagueView
    learners: Sequence[Learner]
    rules: Freezing
    historical: list[list[int]]
    newest: dict[str, int] = field(default_factory=dict)
    slices: dict[str, int] = field(default_factory=dict)  # since it began, or was frozen
    frozen: dict[str, int] = field(default_factory=dict)  # how often
    anew: set[str] = field(default_factory=set)  # whose next slice begins from where it began

    def population(self, learner: Learner, opposite: bool = False) -> int:
        """The population of a learner's side, or of the other side."""
        return self.view.population(1 - learner.side if opposite else learner.side)

    def chances(self, learner: Learner, opponents: Sequence[int]) -> Floats:
        """Its newest player's chances to win against these of the other side; 1/2 where nothing is known."""
        own = self.newest.get(learner.name)
        if own is None:
            return np.full(len(opponents), 0.5)
        returns = np.moveaxis(self.view.payoffs[learner.side], learner.side, 0)[own]
        return chances(returns[list(opponents)], self.rules.win)

    def of(self, main: Learner) -> list[int]:
        """The frozen players that a main agent left behind, those whom it started from among them."""
        number = self.population(main)
        players = self.view.populations[number]
        past = [n for n in self.historical[number] if players[n].lineage == main.name or players[n].role == "founder"]
        return past or self.historical[number]  # founders may have retired

    def now(self, main: Learner) -> int:
        """A main agent as it is now: its newest player, or whom it starts from."""
        return self.newest.get(main.name, self.of(main)[-1])

    def mains(self, side: int) -> list[Learner]:
        """The main agents that can sit on a side."""
        number = self.view.population(side)
        return [one for one in self.learners if one.role == MAIN and self.population(one) == number]

    def rivals(self, learner: Learner) -> list[int]:
        """Everybody of the other side who counts: the frozen, and the newest of each learner."""
        number = self.population(learner, opposite=True)
        newest = [self.newest[o.name] for o in self.learners if o.name in self.newest and self.population(o) == number]
        return sorted({*self.historical[number], *newest})

    def born(self, learner: Learner, place: int) -> None:
        """It left a player behind, which is frozen if the time has come."""
        name, rules = learner.name, self.rules
        self.newest[name] = place
        self.slices[name] = self.slices.get(name, 0) + 1
        self.anew.discard(name)
        if self.slices[name] < rules.least:
            return
        if learner.role == MAIN_EXPLOITER:
            beaten = [self.now(main) for main in self.mains(1 - learner.side)]
        else:
            beaten = self.historical[self.population(learner, opposite=True)]
        if self.slices[name] < rules.most and self.chances(learner, beaten).min() <= rules.strong:
            return
        self.historical[self.population(learner)].append(place)
        self.slices[name], self.frozen[name] = 0, self.frozen.get(name, 0) + 1
        if learner.role == MAIN_EXPLOITER or (learner.role == LEAGUE_EXPLOITER and self._tossed(learner)):
            self.anew.add(name)

    def _tossed(self, learner: Learner) -> bool:
        number = [one.name for one in self.learners].index(learner.name)
        return bool(rng.uniform(rng.mix(self.view.seed, number, self.frozen[learner.name]))[0] < self.rules.reset)


def standing(view: LeagueView, learners: Sequence[Learner], rules: Freezing) -> Standing:
    """How things stand, from the first player to the last."""
    found = Standing(view, learners, rules, [[] for _ in view.populations])
    known = {learner.name: learner for learner in learners}
    for _, number, place, lineage in sorted(_births(view)):
        if not lineage:
            found.historical[number].append(place)
        elif lineage in known:
            found.born(known[lineage], place)
    return found


def _births(view: LeagueView) -> Iterator[tuple[int, int, int, str]]:
    """(iteration, population, place in it, learner) of every player."""
    for number, players in enumerate(view.populations):
        yield from ((player.born, number, place, player.lineage) for place, player in enumerate(players))
