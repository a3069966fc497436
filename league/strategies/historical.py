"""Historical self-play: learners meet players of the past, each of a window of the newest ones alike.

Why: who meets its newest version only may forget what beat older ones, and go round in circles. The window reaches back
from the newest player to `delta` of the league's length: with 0 it is the whole past, which is fictitious self-play (an
average of best responses, that converges in zero-sum games of two sides), with 1 the newest player alone. The
meta-strategy is the window, so it is what all meet next. No payoffs are needed. Any number of sides.
Source: Bansal, Pachocki, Sidor, Sutskever and Mordatch, "Emergent complexity via multi-agent competition", ICLR 2018,
section 4.2 (delta-uniform sampling); Heinrich, Lanctot and Silver, "Fictitious self-play in extensive-form games", ICML
2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from league.payoffs.cells import Cell
from league.strategies import responses
from league.strategy import Weights
from league.view import LeagueView
from marl.registry import Registry
from marl.registry.ranges import at_least, at_most
from marl.scenario import Component, component


@dataclass
class Params(responses.Params):
    """Who learns, and how far back they look."""

    oracle: Component = component("algorithms", default="rllib/ppo", help="trains the learners, a slice an iteration")
    warm: bool = True
    """Whether a learner goes on from where it was."""
    delta: float = 0.5
    """Where the window begins, as a share of the league's length: 0 is the whole past, 1 the newest player alone."""

    def __post_init__(self) -> None:
        at_least(self, 0, "delta")
        at_most(self, 1, "delta")


class Historical(responses.Responses):
    """Decides from the numbers of players alone."""

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(registry, params)
        self.delta = params.delta

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """None: what the window is worth is played because its value needs it."""
        return []

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """The window of each population, alike."""
        return [self._window(len(players)) for players in view.populations]

    def _window(self, count: int) -> Weights:
        outside = min(floor(self.delta * count), count - 1)
        return (0.0,) * outside + (1.0 / (count - outside),) * (count - outside)
