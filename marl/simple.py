"""Environments written one match at a time: the small base class for authors of simple games, and for adapters.

Write a `Match`; `OneByOne` batches any number of them behind the `Environment` interface:

    class Coin(Match):
        ...

    def coin(lanes: int) -> OneByOne:
        return OneByOne(SPEC, lanes, Coin)
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marl import rng, tree
from marl.env import Actions, EnvSpec, Frame, Lanes, Rows, Step, Turn
from marl.space import legal, mask_width
from marl.types import ArrayTree, Keys


@dataclass(slots=True)
class View:
    """What one agent sees when it must act: its observation (one row, without the axis K) and its legal actions."""

    observation: ArrayTree
    mask: Any = None  # bool[mask_width] or None


@dataclass(slots=True)
class Outcome:
    """What one tick did. Rewards and endings are by agent index; who is not named got nothing and goes on.

    `final`: the last observation of each agent that ended; those that are missing are asked for with `Match.observe`.
    """

    rewards: Mapping[int, float] = field(default_factory=dict)
    terminated: frozenset[int] | set[int] = frozenset()
    truncated: frozenset[int] | set[int] = frozenset()
    done: bool = False
    fault: int = -1
    final: Mapping[int, ArrayTree] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)


class Match(abc.ABC):
    """One match of a game. Draw chance from `self.chance()`, which follows from the seed alone."""

    seed: int = 0
    draws: int = 0

    def chance(self) -> float:
        """The next uniform number in `[0, 1)` of this match."""
        self.draws += 1
        return float(rng.uniform(rng.mix(self.seed, self.draws))[0])

    @abc.abstractmethod
    def start(self) -> None:
        """Begin; `self.seed` is set."""

    @abc.abstractmethod
    def views(self) -> Mapping[int, View]:
        """The agents that must act now, by index, and what each sees. Asked once after `start` and each `play`."""

    @abc.abstractmethod
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """Apply one legal action per agent that had a view (an int, or an array), and say what happened."""

    @abc.abstractmethod
    def observe(self, agent: int) -> ArrayTree:
        """What `agent` sees now, for its final observation."""

    def illegal(self, agent: int, action: Any) -> Outcome:
        """An action outside the space or the mask: the match ends, at no gain for anybody unless overridden."""
        return Outcome(terminated=set(range(self.agents)), done=True, fault=agent)

    agents: int = 2

    def state(self) -> ArrayTree:
        """The true state, one row; only needed where `spec.state` is set."""
        raise NotImplementedError

    def render(self) -> Frame:
        """A picture of the match."""
        return Frame(repr(self), "")


class OneByOne:
    """Batches matches that are played one at a time. `make()` builds a fresh `Match`."""

    def __init__(self, spec: EnvSpec, lanes: int, make: Callable[[], Match]) -> None:
        self.spec = spec
        self.lanes = lanes
        self._make = make
        self._group = spec.group_of
        self.matches: list[Match | None] = [None] * lanes
        self._waiting: list[Mapping[int, View]] = [{}] * lanes
        self._alive = np.zeros((lanes, len(spec.agents)), dtype=np.bool_)
        self._seen = np.zeros((lanes, len(spec.agents)), dtype=np.bool_)

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        for lane, seed in zip(lanes.tolist(), seeds.tolist(), strict=True):
            match = self._make()
            match.seed, match.draws, match.agents = seed, 0, len(self.spec.agents)
            match.start()
            self.matches[lane] = match
            self._waiting[lane] = match.views()
        self._alive[lanes] = True
        self._seen[lanes] = False
        return self._turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`."""
        count, agents = len(lanes), len(self.spec.agents)
        given = self._given(lanes, actions)
        step = Step(
            lanes,
            np.zeros((count, agents)),
            np.zeros((count, agents), dtype=np.bool_),
            np.zeros((count, agents), dtype=np.bool_),
            np.zeros(count, dtype=np.bool_),
            np.full(count, -1, dtype=np.int64),
            (),
            (),
            {},
        )
        endings: list[tuple[int, int, ArrayTree]] = []
        infos: list[Mapping[str, Any]] = []
        for row, lane in enumerate(lanes.tolist()):
            outcome = self._play(lane, given[row])
            for agent, reward in outcome.rewards.items():
                step.rewards[row, agent] = reward
            step.terminated[row, list(outcome.terminated)] = True
            step.truncated[row, list(outcome.truncated)] = True
            if outcome.done:  # a match that ends without naming everybody ends for everybody
                step.terminated[row] |= ~step.truncated[row]
            step.done[row], step.fault[row] = outcome.done, outcome.fault
            ended = (step.terminated[row] | step.truncated[row]) & self._alive[lane]
            step.terminated[row] &= ended
            step.truncated[row] &= ended
            match = self._match(lane)
            for agent in np.flatnonzero(ended).tolist():
                last = outcome.final[agent] if agent in outcome.final else match.observe(agent)
                endings.append((lane, agent, last))
            self._alive[lane] &= ~ended
            self._waiting[lane] = {} if outcome.done else match.views()
            infos.append(outcome.info)
        step.final = self._rows([(lane, agent, View(seen)) for lane, agent, seen in endings])
        step.turn = self._turn(lanes)
        step.info = {name: np.array([info[name] for info in infos]) for name in self.spec.info}
        return step

    def state(self, lanes: Lanes) -> ArrayTree:
        """The true states `[L, ...]`."""
        states = [tree.map_tree(lambda leaf: np.asarray(leaf)[None], self._match(lane).state()) for lane in lanes]
        return tree.concatenate(states)

    def render(self, lane: int) -> Frame:
        """Draw one lane."""
        return self._match(lane).render()

    def _match(self, lane: int) -> Match:
        match = self.matches[lane]
        if match is None:
            raise ValueError(f"lane {lane} has no match: reset it first")
        return match

    def _given(self, lanes: Lanes, actions: Actions) -> list[dict[int, Any]]:
        """The actions of each stepped lane by agent."""
        given: list[dict[int, Any]] = [{} for _ in lanes]
        for index, group in enumerate(self.spec.groups):
            members = set(group.agents)
            pending = [
                (row, agent)
                for row, lane in enumerate(lanes.tolist())
                for agent in sorted(self._waiting[lane])
                if agent in members
            ]
            batch = actions[index]
            size = 0 if batch is None else len(batch)
            if size != len(pending):
                raise ValueError(f"group {group.name!r} has {len(pending)} rows in these lanes, but {size} actions came")
            for (row, agent), action in zip(pending, [] if batch is None else batch, strict=True):
                given[row][agent] = action
        return given

    def _play(self, lane: int, actions: dict[int, Any]) -> Outcome:
        match, waiting = self._match(lane), self._waiting[lane]
        for agent, action in actions.items():
            mask = waiting[agent].mask
            batch = np.asarray(action)[None]
            space = self.spec.groups[self._group[agent]].action
            if not legal(space, batch, None if mask is None else np.asarray(mask)[None])[0]:
                return match.illegal(agent, action)
        return match.play(actions)

    def _turn(self, lanes: Lanes) -> Turn:
        pending = [
            (lane, agent, view) for lane in lanes.tolist() for agent, view in sorted(self._waiting[lane].items())
        ]
        turn = self._rows(pending)
        for lane, agent, _ in pending:
            self._seen[lane, agent] = True
        return turn

    def _rows(self, entries: list[tuple[int, int, View]]) -> Turn:
        turn: list[Rows | None] = []
        for index, group in enumerate(self.spec.groups):
            members = set(group.agents)
            mine = [entry for entry in entries if entry[1] in members]
            if not mine:
                turn.append(None)
                continue
            lane = np.array([entry[0] for entry in mine], dtype=np.int64)
            agent = np.array([entry[1] for entry in mine], dtype=np.int64)
            seen = [tree.map_tree(lambda leaf: np.asarray(leaf)[None], entry[2].observation) for entry in mine]
            mask = None
            if mask_width(group.action) is not None and mine[0][2].mask is not None:
                mask = np.array([entry[2].mask for entry in mine], dtype=np.bool_)
            turn.append(Rows(lane, agent, tree.concatenate(seen), mask, ~self._seen[lane, agent], index))
        return tuple(turn)
