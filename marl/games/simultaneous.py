"""Simultaneous games, vectorised: all agents act at every tick. A game file holds only the rules.

A game says what a match consists of (`fields`), what happens when everybody has acted (`play`), and what each agent
sees (`observe`); more where it needs more: what is legal (`masks`), what chance decides at the start (`begin`).
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from marl.env import Actions, EnvSpec, Frame, Lanes, Rows, Step, Turn
from marl.games.answers import played
from marl.games.vectorised import Vectorised
from marl.space import legal
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys


class SimultaneousGame(Vectorised):
    """An `Environment` in which every agent acts at every tick until the match ends. Subclasses are the rules."""

    over: Bools
    """Whether no match is going on, `bool[lanes]`."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self._members = [np.array(group.agents) for group in spec.groups]
        super().__init__(spec, lanes)
        self.over[:] = True

    def common(self) -> dict[str, Any]:
        """The fields that every environment of this kind has, with what a new match begins with."""
        return super().common() | {"over": np.False_}

    @abc.abstractmethod
    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """Apply legal actions, per group `[L, G, ...]` for its G agents: rewards `[L, N]` and which matches are over.

        `tick` already counts these actions.
        """

    @abc.abstractmethod
    def observe(self, lanes: Lanes, agents: Ints) -> ArrayTree:
        """What `agents[K]`, all of one group, see in `lanes[K]`: a new batch `[K, ...]`."""

    @abc.abstractmethod
    def render(self, lane: int) -> Frame:
        """A picture of the match."""

    @abc.abstractmethod
    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """The rewards `[L, N]` of `lanes` in which `agent[L]` breaks the rules, which ends the match.

        `tick` does not count this tick yet.
        """

    def begin(self, lanes: Lanes) -> None:
        """Draw what chance decides at the start of a match, from `self.seed[lanes]`."""

    def masks(self, lanes: Lanes, agents: Ints) -> Bools | None:
        """What `agents[K]`, all of one group, may do in `lanes[K]`, `bool[K, mask_width]`; None where anything goes."""
        return None

    def cut(self, lanes: Lanes) -> Bools | bool:
        """Which of the matches that are over `[L]` were cut short, and did not end by the rules."""
        return False

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches; see `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        self.begin(lanes)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Let everybody act in `lanes`; see `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        joint = self._batches([len(lanes) * len(members) for members in self._members], actions)
        fault = self._faults(lanes, joint)
        by_lane = [
            batch.reshape(len(lanes), len(members), *batch.shape[1:])
            for batch, members in zip(joint, self._members, strict=True)
        ]
        fair, broken = fault < 0, fault >= 0
        rewards = np.empty((len(lanes), len(self.spec.agents)))
        if broken.any():
            rewards[broken] = self.forfeit(lanes[broken], fault[broken])
            by_lane = [batch[fair] for batch in by_lane]
        self.tick[lanes] += 1
        done = broken.copy()
        answer = self.play(lanes[fair], [_whole(batch) for batch in by_lane])
        rewards[fair], done[fair] = played(self, answer, (len(lanes[fair]), rewards.shape[1]), ("over",))
        self.over[lanes] = done
        ended = np.repeat(done[:, None], len(self.spec.agents), axis=1)
        truncated = np.zeros_like(ended)
        if done.any():
            truncated[done & fair] = np.reshape(self.cut(lanes[done & fair]), (-1, 1))
        final = self._rows(lanes[done], masks=False)
        info = self.columns(lanes, fair)
        return Step(lanes, rewards, ended & ~truncated, truncated, done, fault, final, self.turn(lanes), info)

    def turn(self, lanes: Lanes) -> Turn:
        """The rows of those `lanes` in which a match is going on: one per agent."""
        return self._rows(lanes[~self.over[lanes]], masks=True)

    def _rows(self, lanes: Lanes, masks: bool) -> Turn:
        if not lanes.size:
            return (None,) * len(self._members)
        turn, first = [], self.tick[lanes] == 0
        for index, members in enumerate(self._members):
            lane, agent = np.repeat(lanes, len(members)), np.tile(members, len(lanes))
            mask = self.masks(lane, agent) if masks else None
            turn.append(Rows(lane, agent, self.observe(lane, agent), mask, np.repeat(first, len(members)), index))
        return tuple(turn)

    def _faults(self, lanes: Lanes, joint: list[Array]) -> Ints:
        """The first agent of each lane whose action is not legal, `int64[L]`, or -1."""
        fault = np.full(len(lanes), -1, dtype=np.int64)
        for group, members, batch in zip(self.spec.groups, self._members, joint, strict=True):
            lane, agent = np.repeat(lanes, len(members)), np.tile(members, len(lanes))
            fair = legal(group.action, batch, self.masks(lane, agent))
            if fair.all():
                continue
            wrong = np.where(fair, len(self.spec.agents), agent).reshape(len(lanes), len(members)).min(axis=1)
            worse = (wrong < len(self.spec.agents)) & ((fault < 0) | (wrong < fault))
            fault[worse] = wrong[worse]
        return fault


def _whole(batch: Array) -> Array:
    """Choices as `int64`, real numbers as they are."""
    return batch if batch.dtype.kind == "f" else batch.astype(np.int64, copy=False)
