"""Naive self-play: one learner plays every side against itself; each iteration's snapshot becomes a player.

Why: it is the simplest league, and the honest baseline of all others. With most algorithms it cycles in games without
a dominant strategy; with `rllib/mmd` it converges in two-player zero-sum games. Whether the sides share a network is
the algorithm's `sharing`. Iterations are slices of one long training: each goes on from the last one's checkpoint, and
schedules run over all of them.
Source: Samuel, "Some studies in machine learning using the game of checkers", IBM Journal 3 (1959).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.orders import Order
from league.payoffs.cells import Cell
from league.player import Player
from league.strategies.chain import chained
from league.strategies.founders import founders_of
from league.strategy import Weights
from league.view import LeagueView
from marl import rng
from marl.env import EnvSpec
from marl.job import SELF, Job
from marl.registry import Registry
from marl.scenario import Component, component
from marl.snapshot import Snapshot


@dataclass
class Params:
    """Who learns, and what to start from."""

    algorithm: Component = component("algorithms", default="rllib/ppo", help="trains the learner, a slice an iteration")
    founder: Component = component("players", default="marl/random", help="iteration 0: the player of each side")


class SelfPlay:
    """Decides from the newest player's checkpoint alone."""

    rounds = True

    def __init__(self, registry: Registry, params: Params | None = None) -> None:
        params = params or Params()
        self.algorithm = params.algorithm
        self.founder, self.registry = params.founder, registry
        self.continues = True

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """Those whom the scenario names. They are measured, and never met again."""
        return founders_of(self.founder, spec, self.registry)

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """One order: the learner on side 0, and itself on every other."""
        job = Job(
            algorithm=self.algorithm.name,
            params=chained(self.algorithm, view.planned),
            side=0,
            opponents=((), *(((SELF, 1.0),) for _ in view.sides[1:])),
            seed=int(rng.mix(view.seed, view.iterations[-1].number + 1)[0]),
            parent=view.populations[0][newest(view.populations[0])].checkpoint,
        )
        return [Order(job, "+".join(view.names))]

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """None: what the newest players earn from each other is played because their mixture needs it."""
        return []

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """Each side's newest player alone."""
        return [tuple(np.eye(len(players))[newest(players)].tolist()) for players in view.populations]


def newest(players: Sequence[Player]) -> int:
    """The place of the newest player that the learner left behind; of the last one, as long as it left none."""
    return max((n for n, player in enumerate(players) if player.lineage), default=len(players) - 1)
