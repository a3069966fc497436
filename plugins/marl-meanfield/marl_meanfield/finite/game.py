"""The game of N agents: each is paid by how all of them are distributed, and moves by chances of its own.

With N to infinity it is the mean-field game that it is made of. The distribution is that of the agents themselves.

Source: Saldi, Basar, Raginsky, Markov-Nash equilibria in mean-field games with discounted cost, SIAM Journal on Control
and Optimization 56, 2018 (an equilibrium of the limit is nearly one of N agents).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games.drawing import AGENTS, rect, svg
from marl.games.simultaneous import SimultaneousGame
from marl.registry import Component, component, load_registry
from marl.registry.ranges import at_least
from marl.space import Box, Discrete, Tree
from marl.types import Array, ArrayTree, Bools, Floats, Ints
from marl_meanfield.checks import check
from marl_meanfield.finite.chances import Chances
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.hookspecs import GAMES

START, MOVE = 0x57A27, 0x30FE  # what agents draw at the start, and when they move
CELL, WIDE = 14, 480


@dataclass(kw_only=True)
class Params:
    """Parameters of the game of N agents."""

    game: Component = component("games", help="the mean-field game that is its limit")
    agents: int = 10
    """How many there are in each population."""
    crowd: bool = False
    """Whether an agent sees how all are distributed, and not only where it is, and the time."""

    def __post_init__(self) -> None:
        at_least(self, 1, "agents")


class Finite(SimultaneousGame):
    """Agents are numbered population by population. `where` `[lanes, P * agents]`: their states."""

    where: Ints

    def __init__(self, lanes: int, game: MeanFieldGame, agents: int, crowd: bool = False) -> None:
        self.game, self.agents, self.crowd = game, agents, crowd
        self.chances = Chances(game)
        self.kind = np.repeat(np.arange(len(game.populations)), agents)
        super().__init__(specified(game, agents, crowd), lanes)

    def fields(self) -> dict[str, Any]:
        """Where everybody is."""
        return {"where": np.zeros(len(self.kind), dtype=np.int64)}

    def begin(self, lanes: Lanes) -> None:
        """Draw where everybody begins."""
        numbers = self._numbers(lanes, START)
        upto = np.cumsum(self.game.initial, axis=1)
        for kind in range(len(upto)):
            drawn = np.searchsorted(upto[kind], numbers[:, self.kind == kind] * upto[kind, -1], side="right")
            last = int(np.flatnonzero(self.game.initial[kind])[-1])
            self.where[np.ix_(lanes, np.flatnonzero(self.kind == kind))] = np.minimum(drawn, last)

    def shares(self, lanes: Lanes) -> Floats:
        """How the agents of each population are distributed, `[L, P, S]`."""
        flat = np.arange(len(lanes))[:, None] * len(self.game.populations) + self.kind
        cells = flat * self.game.states + self.where[lanes]
        counts = np.bincount(cells.reshape(-1), minlength=len(lanes) * self.game.initial.size)
        return counts.reshape(len(lanes), *self.game.initial.shape) / self.agents

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """Pay for states and actions, move, and pay for where it ends."""
        time = int(self.tick[lanes[0]]) - 1 if len(lanes) else 0
        together = bool((self.tick[lanes] == time + 1).all())
        if not together:  # lanes at different times are played one time after another
            return self._apart(lanes, actions)
        taken, here = np.concatenate(actions, axis=1), self.where[lanes]
        spread, numbers = self.shares(lanes), self._numbers(lanes, MOVE)
        paid, after = np.empty(here.shape), np.empty_like(here)
        for row in range(len(lanes)):
            paid[row] = self._paid(time, spread[row])[self.kind, taken[row], here[row]]
            if not self.chances.steady:
                ways = self.chances.at(time, self._mass(taken[row], here[row]), spread[row])
                after[row] = ways.drawn(self.kind, taken[row], here[row], numbers[row])
        if self.chances.steady and len(lanes):
            ways = self.chances.at(time, self._mass(taken[0], here[0]), spread[0])
            kinds = np.broadcast_to(self.kind, here.shape).reshape(-1)
            drawn = ways.drawn(kinds, taken.reshape(-1), here.reshape(-1), numbers.reshape(-1))
            after = drawn.reshape(here.shape)
        self.where[lanes] = after
        over = self.tick[lanes] >= self.game.horizon
        if over.any():
            for row, spread_out in zip(np.flatnonzero(over), self.shares(lanes[over]), strict=True):
                paid[row] += self.game.final(spread_out)[self.kind, after[row]]
        return paid, over

    def observe(self, lanes: Lanes, agents: Ints) -> ArrayTree:
        """The time, one's state, and with `crowd` how each population is distributed."""
        seen: dict[str, Array] = {"time": self.tick[lanes].copy(), "state": self.where[lanes, agents]}
        if self.crowd:
            different, which = np.unique(lanes, return_inverse=True)
            seen["crowd"] = self.shares(different)[which].reshape(len(lanes), -1).astype(np.float32)
        return seen

    def masks(self, lanes: Lanes, agents: Ints) -> Bools | None:
        """What the mean-field game lets them do."""
        legal = self.game.legal
        if legal is None:
            return None
        time = np.minimum(self.tick[lanes], len(legal) - 1)
        return np.asarray(legal[time, self.kind[agents], :, self.where[lanes, agents]])

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing for anybody: what a game pays at least is not known."""
        return np.zeros((len(lanes), len(self.kind)))

    def render(self, lane: int) -> Frame:
        """How many are where: a bar for each state, by population."""
        counts = (self.shares(np.array([lane]))[0] * self.agents).round().astype(int)
        step, parts, high = WIDE / self.game.states, [], 80
        for kind, row in enumerate(counts):
            for state in np.flatnonzero(row):
                tall = high * row[state] / max(int(counts.max()), 1)
                top = (kind + 1) * (high + CELL) - tall
                parts.append(rect(state * step, top, step, tall, AGENTS[kind % len(AGENTS)]))
        words = [f"{name}: {' '.join(map(str, row))}" for name, row in zip(self.game.populations, counts, strict=True)]
        return Frame("\n".join(words), svg(WIDE, len(counts) * (high + CELL) + CELL, parts))

    def _paid(self, time: int, spread: Floats) -> Floats:
        shape = (len(self.game.populations), self.game.actions, self.game.states)
        return np.broadcast_to(self.game.rewards(slice(time, time + 1), spread[None])[0], shape)

    def _mass(self, taken: Ints, here: Ints) -> Floats:
        """How many take which action where, `[P, A, S]`."""
        populations, actions, states = len(self.game.populations), self.game.actions, self.game.states
        cells = (self.kind * actions + taken) * states + here
        counts = np.bincount(cells, minlength=populations * actions * states)
        return counts.reshape(populations, actions, states) / self.agents

    def _apart(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        paid, over = np.empty((len(lanes), len(self.kind))), np.empty(len(lanes), dtype=bool)
        for tick in np.unique(self.tick[lanes]).tolist():
            rows = np.flatnonzero(self.tick[lanes] == tick)
            paid[rows], over[rows] = self.play(lanes[rows], [batch[rows] for batch in actions])
        return paid, over

    def _numbers(self, lanes: Lanes, what: int) -> Floats:
        """A uniform number for each agent of each lane, of this tick: `[L, P * agents]`."""
        keys = rng.mix(self.seed[lanes], what, self.tick[lanes])
        flat = rng.extend(np.repeat(keys, len(self.kind)), np.tile(np.arange(len(self.kind)), len(lanes)))
        return rng.uniform(flat).reshape(len(lanes), -1)


def specified(game: MeanFieldGame, agents: int, crowd: bool) -> EnvSpec:
    """What the environment says about itself: a group for each population, and each agent for itself."""
    seen: dict[str, Box | Discrete] = {"time": Discrete(game.horizon + 1), "state": Discrete(game.states)}
    if crowd:
        seen["crowd"] = Box((game.initial.size,), 0.0, 1.0)
    groups, everybody = [], len(game.populations) * agents
    for kind, name in enumerate(game.populations):
        members = tuple(range(kind * agents, (kind + 1) * agents))
        groups.append(Group(name, members, Tree(seen), Discrete(game.actions)))
    names = tuple(f"{name}_{number}" for name in game.populations for number in range(agents))
    return EnvSpec(
        names, tuple(groups), tuple((agent,) for agent in range(everybody)), "simultaneous", game.horizon,
        symmetric=len(game.populations) == 1,
    )  # fmt: skip


def finite(lanes: int, params: Params) -> Finite:
    """The environment of a scenario. Raises UserError where the game is none."""
    game = load_registry().make(GAMES, params.game.name, params.game.params)
    check(game, params.game.name)
    return Finite(lanes, game, params.agents, params.crowd)
