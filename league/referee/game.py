"""The environment as the referee plays it: matches on lanes, sides instead of agents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import attrgetter

import numpy as np

from league.referee.answers import Answers
from league.referee.live import Live
from league.referee.seat import Request, View
from marl.arena import environment_seeds
from marl.arena.contract import ContractBroken
from marl.env import Environment, Rows, Step, Turn
from marl.rng import as_keys

_agent = attrgetter("agent")


class Game:
    """Starts and steps matches together, and says whom to ask what."""

    def __init__(self, environment: Environment) -> None:
        self.environment, self.spec = environment, environment.spec
        self.side_of: list[int] = self.spec.side_of.tolist()
        self._answers = Answers(self.spec)

    def start(self, lives: Sequence[Live]) -> Turn:
        """Reset the lanes of `lives`; what their agents see. Raises whatever the environment raises."""
        seeds = environment_seeds(as_keys([live.match.seed for live in lives]))
        return self.environment.reset(np.array([live.lane for live in lives]), seeds)

    def step(self, lives: Sequence[Live]) -> Step:
        """Step the lanes of `lives` with their `actions`, and enter what was played and earned.

        Raises whatever the environment raises, and ContractBroken for rewards that are no numbers.
        """
        lanes = np.array([live.lane for live in lives])
        step = self.environment.step(lanes, self._answers.join([live.actions for live in lives]))
        rewards: list[list[float]] = step.rewards.tolist()
        for earned in rewards:
            if not math.isfinite(sum(earned)):
                raise ContractBroken("a reward is not finite")
        for live, earned in zip(lives, rewards, strict=True):
            live.played(earned)
        return step

    def ask(self, turn: Turn, lives: Sequence[Live], at: Mapping[int, Live]) -> None:
        """Give each of `lives` the requests of its sides: what the agents see that must act next, in their order.

        `at` is the match on each lane; the rows of `turn` are of `lives` alone.
        """
        for live in lives:
            live.requests = {}
        for rows in turn:
            if rows is not None:
                self._sort(rows, at)
        if len(turn) > 1:
            for live in lives:
                for request in live.requests.values():
                    request.views.sort(key=_agent)

    def _sort(self, rows: Rows, at: Mapping[int, Live]) -> None:
        """Hand each row to the side of its match that must answer it."""
        for row, (lane, agent) in enumerate(zip(rows.lane.tolist(), rows.agent.tolist(), strict=True)):
            live, side, view = at[lane], self.side_of[agent], View(agent, rows, row)
            request = live.requests.get(side)
            if request is None:
                live.requests[side] = Request([view], len(live.history), live.spent, live.history)
            else:
                request.views.append(view)
