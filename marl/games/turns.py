"""Turn-based games, vectorised. A game file holds only the rules; `marl_classic.tic_tac_toe` is one in 60 lines.

A game says what a match consists of (`fields`), who may do what (`player`, `legal`), what happens then (`play`), what
the agents see (`observe`), and what chance decides (`chance`, `happen`). All of these work on many lanes at once.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from marl import rng
from marl.env import Actions, EnvSpec, Frame, Group, Lanes, Rows, Step, Turn
from marl.games.answers import played
from marl.games.vectorised import Vectorised
from marl.space import Box, Discrete, legal
from marl.types import Array, Bools, Floats, Ints, Keys


def turn_spec(players: int, observation: Box, actions: int, **facts: Any) -> EnvSpec:
    """The EnvSpec of a turn-based game in which every player is a side of its own, and all have the same spaces."""
    agents = tuple(range(players))
    group = Group("players", agents, observation, Discrete(actions))
    names = tuple(f"player_{agent}" for agent in agents)
    return EnvSpec(names, (group,), tuple((agent,) for agent in agents), "turns", **facts)


class TurnGame(Vectorised):
    """An `Environment` in which one agent acts at a time. Subclasses are the rules."""

    player: Ints
    """Who must act, `int64[lanes]`; -1 where no match is going on. `play` moves it on."""
    acted: Bools
    """Who has acted before, `bool[lanes, N]`."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self._actions = spec.groups[0].action
        self._agents = np.arange(len(spec.agents))
        super().__init__(spec, lanes)
        self.player[:] = -1

    def common(self) -> dict[str, Any]:
        """The fields that every environment of this kind has, with what a new match begins with."""
        return super().common() | {"player": np.int64(0), "acted": np.zeros(len(self._agents), np.bool_)}

    @abc.abstractmethod
    def legal(self, lanes: Lanes) -> Bools:
        """What the player to act may do, `bool[L, A]`."""

    @abc.abstractmethod
    def play(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        """Apply one legal action per lane, move `player` on, and return rewards `[L, N]` and which matches are over.

        `tick` already counts this action.
        """

    @abc.abstractmethod
    def observe(self, lanes: Lanes, agent: Ints) -> Array:
        """What `agent[K]` sees in `lanes[K]`, a new array `[K, ...]`."""

    @abc.abstractmethod
    def render(self, lane: int) -> Frame:
        """A picture of the match."""

    def chance(self, lanes: Lanes) -> Array | None:
        """The weights `[L, C]` of what chance decides next; zeros where it decides nothing, None where nowhere."""
        return None

    def happen(self, lanes: Lanes, outcome: Ints) -> None:
        """Chance has decided: apply one `outcome` of `chance` per lane."""
        raise NotImplementedError

    def name(self, lane: int, agent: int) -> str:
        """A readable name of what `agent` knows; `sequence_form` names information sets so."""
        return str(self.observe(np.array([lane]), np.array([agent])).astype(int).tolist())

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches; see `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        self._settle(lanes)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one action each; see `Environment.step`."""
        agent = self.player[lanes]
        self.playing(lanes, agent < 0)
        (action,) = self._batches((len(lanes),), actions)
        fault = np.full(len(lanes), -1)
        allowed = legal(self._actions, action, self.legal(lanes))
        action = action.astype(np.int64, copy=False)
        if allowed.all():
            rewards, done = self.advance(lanes, agent, action)
        else:
            rewards, done = self._forfeits(agent), ~allowed
            fault[done] = agent[done]
            self.player[lanes[done]] = -1
            rewards[allowed], done[allowed] = self.advance(lanes[allowed], agent[allowed], action[allowed])
        live = lanes[~done]
        info = self.columns(lanes, allowed)
        self._settle(live)
        terminated = np.repeat(done[:, None], len(self._agents), axis=1)
        final = (self._final(lanes[done]),)
        return Step(lanes, rewards, terminated, np.zeros_like(terminated), done, fault, final, self.turn(live), info)

    def advance(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        """Apply legal actions, before chance answers: rewards `[L, N]` and which matches are over `[L]`."""
        self.tick[lanes] += 1
        self.acted.reshape(-1)[lanes * len(self._agents) + agent] = True
        shape = (len(lanes), len(self._agents))
        rewards, done = played(self, self.play(lanes, agent, action), shape, ("over",))
        self.player[lanes[done]] = -1
        return rewards, done

    def turn(self, lanes: Lanes) -> Turn:
        """The rows of those `lanes` in which a match is going on."""
        agent = self.player[lanes]
        if agent.size and agent.min() < 0:
            lanes, agent = lanes[agent >= 0], agent[agent >= 0]
        if not agent.size:
            return (None,)
        first = ~self.acted.reshape(-1)[lanes * len(self._agents) + agent]
        return (Rows(lanes, agent, self.observe(lanes, agent), self.legal(lanes), first),)

    def _settle(self, lanes: Lanes) -> None:
        """Let chance decide until every lane waits for an agent."""
        while lanes.size and (weights := self.chance(lanes)) is not None:
            due = np.any(weights, axis=1)
            lanes, weights = lanes[due], weights[due]
            keys = rng.mix(self.seed[lanes], self.draws[lanes])
            self.draws[lanes] += 1
            self.happen(lanes, rng.choose(keys, weights))

    def _forfeits(self, agent: Ints) -> Floats:
        """Rewards `[L, N]` where `agent` breaks the rules: it loses all that it can, and the others share that."""
        low = self.spec.returns[0]
        rewards = np.full((len(agent), len(self._agents)), -low / (len(self._agents) - 1))
        rewards[np.arange(len(agent)), agent] = low
        return rewards

    def _final(self, lanes: Lanes) -> Rows | None:
        if not lanes.size:
            return None
        lane, agent = np.repeat(lanes, len(self._agents)), np.tile(self._agents, len(lanes))
        first = ~self.acted[lane, agent]
        return Rows(lane, agent, self.observe(lane, agent), None, first)
