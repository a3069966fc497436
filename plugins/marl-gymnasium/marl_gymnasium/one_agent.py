"""One agent, one side, one row a lane: what the native and the wrapped environments share."""

from __future__ import annotations

import abc

import numpy as np

from marl import rng
from marl.env import Actions, EnvSpec, Frame, Group, Lanes, Rows, Step, Turn
from marl.space import Space, legal, zeros
from marl.types import Array, ArrayTree, Bools, Floats, Keys


def one_agent_spec(
    observation: Space, action: Space, max_length: int, returns: tuple[float, float] = (-np.inf, np.inf)
) -> EnvSpec:
    """What an environment with one agent says about itself."""
    group = Group("players", (0,), observation, action)
    return EnvSpec(("player_0",), (group,), ((0,),), "turns", max_length, returns)


class OneAgent(abc.ABC):
    """An `Environment` with one agent. `worst` is the least reward of a tick, or None where nobody knows it.

    An illegal action ends the match. Where `worst` is known, it is paid for all ticks that were left; otherwise the
    match is truncated without a reward, so that its value bootstraps: where every tick costs something, an end would
    be a gain.
    """

    worst: float | None = None

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self.spec = spec
        self.lanes = lanes
        self.tick = np.zeros(lanes, dtype=np.int64)
        self.over = np.ones(lanes, dtype=np.bool_)
        self._action: Space = spec.groups[0].action
        self._shape: tuple[int, ...] = zeros(self._action, 1).shape[1:]

    @abc.abstractmethod
    def begin(self, lanes: Lanes, seeds: Keys) -> None:
        """Start matches in `lanes[L]` with `seeds[L]`."""

    @abc.abstractmethod
    def advance(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools]:
        """Play legal `actions[L, ...]`: rewards, terminated and truncated (not both), each `[L]`."""

    @abc.abstractmethod
    def observe(self, lanes: Lanes) -> ArrayTree:
        """What the agent sees in `lanes[L]`: a fresh batch `[L, ...]`."""

    @abc.abstractmethod
    def render(self, lane: int) -> Frame:
        """See `Environment.render`."""

    def masks(self, lanes: Lanes) -> Bools | None:
        """Which actions are legal in `lanes[L]`, `bool[L, mask_width]`; None where all are."""
        return None

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        self.begin(lanes, rng.as_keys(seeds))
        self.tick[lanes] = 0
        self.over[lanes] = False
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`."""
        given, count = self._given(lanes, actions), len(lanes)
        fair = legal(self._action, given, self.masks(lanes))
        rewards, terminated, truncated = (
            np.zeros((count, 1)),
            np.zeros((count, 1), np.bool_),
            np.zeros((count, 1), np.bool_),
        )
        if fair.all():
            rewards[:, 0], terminated[:, 0], truncated[:, 0] = self.advance(lanes, given)
        else:
            rewards[fair, 0], terminated[fair, 0], truncated[fair, 0] = self.advance(lanes[fair], given[fair])
            self._foul(lanes, ~fair, rewards, terminated, truncated)
        self.tick[lanes] += 1
        done = (terminated | truncated)[:, 0]
        self.over[lanes] = done
        ended = lanes[done]
        final = self._rows(ended, None) if len(ended) else None
        fault = np.where(fair, -1, 0)
        return Step(lanes.copy(), rewards, terminated, truncated, done, fault, (final,), self.turn(lanes))

    def state(self, lanes: Lanes) -> ArrayTree:
        """Not declared by the spec: one agent needs no centralised critic."""
        raise NotImplementedError("an environment with one agent declares no state")

    def turn(self, lanes: Lanes) -> Turn:
        """The rows of those `lanes` in which a match is going on."""
        live = lanes[~self.over[lanes]]
        return (self._rows(live, self.masks(live)),) if len(live) else (None,)

    def _rows(self, lanes: Lanes, mask: Bools | None) -> Rows:
        return Rows(lanes, np.zeros(len(lanes), dtype=np.int64), self.observe(lanes), mask, self.tick[lanes] == 0)

    def _given(self, lanes: Lanes, actions: Actions) -> Array:
        """The actions as one array. Raises ValueError before anything was played."""
        if self.over[lanes].any():
            lane = lanes[self.over[lanes]][0]
            raise ValueError(f"the match in lane {lane} is over or was never started: reset the lane first")
        if len(actions) != 1:
            raise ValueError(f"there is one group, but actions for {len(actions)} came")
        given = np.zeros(0) if actions[0] is None else np.asarray(actions[0])
        wanted = (len(lanes), *self._shape)
        if given.shape != wanted:
            raise ValueError(f"actions of group 'players' must have shape {wanted}, but got {given.shape}")
        return given

    def _foul(self, lanes: Lanes, foul: Bools, rewards: Floats, terminated: Bools, truncated: Bools) -> None:
        if self.worst is None:
            truncated[foul] = True
        else:
            terminated[foul] = True
            rewards[foul, 0] = self.worst * (self.spec.max_length - self.tick[lanes[foul]])
