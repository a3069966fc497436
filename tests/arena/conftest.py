"""Small games whose rewards are whole numbers (so sums are exact), and policies that show what they were given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from marl import rng
from marl.env import EnvSpec, Frame, Group, Rows
from marl.games import Match, OneByOne, Outcome, View
from marl.policy import Acts
from marl.space import Box, Discrete, Tree

ACTIONS = 3


class Jungle(Match):
    """Agents act in turns or together, earn while they live, die or get lost at random; nobody knows why."""

    def __init__(self, agents: int, turns: bool, tree: bool) -> None:
        self.agents, self.turns, self.tree = agents, turns, tree

    def start(self) -> None:
        self.alive = list(range(self.agents))
        self.tick = 0
        self.next = int(self.chance() * self.agents)
        self.sum = 0
        self.ends = 1 + int(self.chance() * 8)

    def observe(self, agent: int):
        seen = np.array([agent, self.tick, self.sum, self.seed % 1000], dtype=np.float32)
        return {"seen": seen, "sum": np.array(self.sum % 2)} if self.tree else seen

    def views(self) -> dict[int, View]:
        acting = [self.alive[self.next % len(self.alive)]] if self.turns else self.alive
        mask = np.array([True, True, self.sum % 2 == 0])
        return {agent: View(self.observe(agent), mask) for agent in acting}

    def play(self, actions) -> Outcome:
        self.tick += 1
        self.next += 1
        self.sum += sum((agent + 1) * (int(action) + 1) for agent, action in actions.items())
        rewards = {agent: float(int(self.chance() * 7) - 3) for agent in self.alive if self.chance() < 0.5}
        fates = {agent: self.chance() for agent in self.alive}
        last = self.tick == self.ends
        dead = {agent for agent, fate in fates.items() if fate < (0.5 if last else 0.1)}
        lost = {agent for agent, fate in fates.items() if agent not in dead and (last or fate > 0.95)}
        self.alive = [agent for agent in self.alive if agent not in dead | lost]
        info = {"sum": self.sum}
        return Outcome(rewards, terminated=dead, truncated=lost, done=not self.alive, info=info)

    def render(self) -> Frame:
        return Frame(f"tick {self.tick} sum {self.sum}", "")


class Jungles(OneByOne):
    """Many jungles, `Forkable`. It writes down which rows are first, which `OneByOne` forgets once they are out."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.first = np.zeros(self._seen.shape, dtype=np.bool_)

    def _turn(self, lanes):
        turn = super()._turn(lanes)
        self.first[lanes] = False
        for rows in turn:
            if rows is not None:
                self.first[rows.lane, rows.agent] = rows.first
        return turn

    def save(self, lanes) -> bytes:
        matches = [vars(self.matches[lane]) for lane in lanes]
        return json.dumps([matches, *(array[lanes].tolist() for array in self._flags())]).encode()

    def load(self, lanes, blob, seeds=None):
        matches, *flags = json.loads(blob)
        for lane, state in zip(lanes.tolist(), matches, strict=True):
            self.matches[lane] = self._make()
            vars(self.matches[lane]).update(state)
            self._waiting[lane] = self.matches[lane].views()
        for array, saved in zip(self._flags(), flags, strict=True):
            array[lanes] = saved
        self._seen &= ~self.first
        return self._turn(lanes)

    def _flags(self):
        return self._alive, self._seen, self.first


@dataclass(frozen=True)
class Shape:
    """Which jungle: how many agents, who acts when, who shares a group, who plays together."""

    agents: int = 2
    turns: bool = True
    groups: tuple[tuple[int, ...], ...] = ((0, 1),)
    sides: tuple[tuple[int, ...], ...] = ((0,), (1,))
    tree: bool = False

    def spec(self) -> EnvSpec:
        seen = Box((4,))
        observation = Tree({"seen": seen, "sum": Discrete(2)}) if self.tree else seen
        groups = tuple(Group(f"g{i}", agents, observation, Discrete(ACTIONS)) for i, agents in enumerate(self.groups))
        names = tuple(f"a{i}" for i in range(self.agents))
        dynamics = "turns" if self.turns else "simultaneous"
        return EnvSpec(names, groups, self.sides, dynamics, 8, info={"sum": "of what was played"})

    def make(self, lanes: int) -> Jungles:
        return Jungles(self.spec(), lanes, lambda: Jungle(self.agents, self.turns, self.tree))


SHAPES = {
    "turns": Shape(),
    "simultaneous": Shape(turns=False),
    "teams": Shape(4, False, ((0, 1, 2, 3),), ((0, 3), (1, 2))),
    "groups": Shape(3, False, ((1,), (0, 2)), ((0, 1), (2,)), tree=True),
    "three in turns": Shape(3, True, ((0, 1), (2,)), ((0,), (1,), (2,))),
}


class Dice:
    """Plays at random from its keys."""

    def memory(self, rows: int):
        return None

    def act(self, rows: Rows, memory, keys) -> Acts:
        action = rng.choose(keys, rows.mask)
        return Acts(action, -np.log(rows.mask.sum(axis=1)))


class Counter:
    """Counts its own turns in its memory, lets the count decide, and calls it its value."""

    def __init__(self, start: int = 0, width: int = 1) -> None:
        self.start, self.width = start, width
        self.asked = 0

    def memory(self, rows: int):
        return np.full((rows, self.width), self.start, dtype=np.float32)

    def act(self, rows: Rows, memory, keys) -> Acts:
        self.asked += 1
        count = memory[:, 0]
        action = (count.astype(np.int64) + (rng.uniform(keys) < 0.5)) % 2
        return Acts(action, np.zeros(len(rows)), count.astype(np.float64), memory + 1)


@pytest.fixture(scope="session")
def shapes():
    return SHAPES


@pytest.fixture(params=list(SHAPES))
def shape(request):
    return SHAPES[request.param]


@pytest.fixture(scope="session")
def game():
    return SimpleNamespace(Shape=Shape, Jungle=Jungle, Dice=Dice, Counter=Counter)
