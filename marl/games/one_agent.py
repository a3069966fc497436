"""Games of one agent, vectorised: one side, one row a lane. A game file holds only the rules.

A game says what a match consists of (`fields`), what chance decides at its start (`begin`), what an action does
(`play`), and what the agent sees (`observe`).
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from marl.env import Actions, EnvSpec, Frame, Group, Lanes, Rows, Step, Turn
from marl.games.answers import played
from marl.games.vectorised import Vectorised
from marl.space import Space, legal
from marl.tasks import Tasks
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys


def one_agent_spec(
    observation: Space,
    action: Space,
    max_length: int,
    returns: tuple[float, float] = (-np.inf, np.inf),
    tasks: Tasks | None = None,
) -> EnvSpec:
    """What an environment with one agent says about itself."""
    group = Group("players", (0,), observation, action)
    return EnvSpec(("player_0",), (group,), ((0,),), "turns", max_length, returns, tasks=tasks)


class OneAgent(Vectorised):
    """An `Environment` with one agent. `worst` is the least reward of a tick, or None where nobody knows it.

    A match is cut short after `spec.max_length` ticks. An illegal action ends it. Where `worst` is known, it is paid
    for all ticks that were left; otherwise the match is truncated without a reward, so that its value bootstraps: where
    every tick costs something, an end would be a gain.
    """

    worst: float | None = None
    over: Bools
    """Whether no match is going on, `bool[lanes]`."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        super().__init__(spec, lanes)
        self._action: Space = spec.groups[0].action
        self.over[:] = True

    def common(self) -> dict[str, Any]:
        """The fields that every environment of this kind has, with what a new match begins with."""
        return super().common() | {"over": np.False_}

    @abc.abstractmethod
    def begin(self, lanes: Lanes) -> None:
        """Start matches in `lanes[L]`, whose fields are fresh: draw what chance decides from `self.seed[lanes]`."""

    @abc.abstractmethod
    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        """Play legal `actions[L, ...]`: rewards, terminated and truncated (not both), each `[L]`.

        `tick` does not count this tick yet.
        """

    @abc.abstractmethod
    def observe(self, lanes: Lanes) -> ArrayTree:
        """What the agent sees in `lanes[L]`: a fresh batch `[L, ...]`."""

    @abc.abstractmethod
    def render(self, lane: int) -> Frame:
        """See `Environment.render`."""

    def masks(self, lanes: Lanes) -> Bools | None:
        """Which actions are legal in `lanes[L]`, `bool[L, mask_width]`; None where all are."""
        return None

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        self.begin(lanes)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        count = len(lanes)
        (given,) = self._batches((count,), actions)
        fair = legal(self._action, given, self.masks(lanes))
        if fair.all():
            rewards, terminated, cut = self._played(lanes, given)
            truncated = np.zeros(count, np.bool_) | cut
        else:
            rewards, terminated, truncated = np.zeros(count), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
            rewards[fair], terminated[fair], truncated[fair] = self._played(lanes[fair], given[fair])
            self._foul(lanes, ~fair, rewards, terminated, truncated)
        tick = self.tick[lanes] + 1
        self.tick[lanes] = tick
        truncated |= ~terminated & (tick >= self.spec.max_length)
        done = terminated | truncated
        self.over[lanes] = done
        ended = lanes[done]
        final = self._rows(ended, None) if len(ended) else None
        fault = np.where(fair, -1, 0)
        columns = (rewards[:, None], terminated[:, None], truncated[:, None])
        info = self.columns(lanes, fair)
        return Step(lanes.copy(), *columns, done, fault, (final,), self.turn(lanes), info)

    def turn(self, lanes: Lanes) -> Turn:
        """The rows of those `lanes` in which a match is going on."""
        live = lanes[~self.over[lanes]]
        return (self._rows(live, self.masks(live)),) if len(live) else (None,)

    def _played(self, lanes: Lanes, actions: Array) -> tuple[Any, ...]:
        return played(self, self.play(lanes, actions), (len(lanes),), ("terminated", "truncated"))

    def _rows(self, lanes: Lanes, mask: Bools | None) -> Rows:
        return Rows(lanes, np.zeros(len(lanes), dtype=np.int64), self.observe(lanes), mask, self.tick[lanes] == 0)

    def _foul(self, lanes: Lanes, foul: Bools, rewards: Floats, terminated: Bools, truncated: Bools) -> None:
        if self.worst is None:
            truncated[foul] = True
        else:
            terminated[foul] = True
            rewards[foul] = self.worst * (self.spec.max_length - self.tick[lanes[foul]])
