# ruff: noqa: RUF012
"""Tiny PettingZoo environments with the corners that large ones seldom reach. Tests name them as targets."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv


class Joint(ParallelEnv):
    """Agents by `SCHEDULE`: (comes at tick, leaves at tick or None, how). What is seen is [own index, tick]."""

    metadata = {"name": "joint"}
    SCHEDULE: dict = {}
    last_tick = 6

    def __init__(self, bonus: float = 0.0):
        self.bonus = bonus
        self.possible_agents = list(self.SCHEDULE)
        self.received = []

    def observation_space(self, agent):
        return spaces.Box(-1, 1000, (2,), np.float32)

    def action_space(self, agent):
        return spaces.Discrete(3)

    def _seen(self, names):
        return {
            name: np.array([self.possible_agents.index(name), self.tick + self.offset], np.float32) for name in names
        }

    def reset(self, seed=None, options=None):
        self.tick = 0
        self.offset = np.random.default_rng(seed).integers(100)
        self.agents = [name for name, (comes, _, _) in self.SCHEDULE.items() if comes == 0]
        return self._seen(self.agents), {name: {} for name in self.agents}

    def step(self, actions):
        assert sorted(actions) == sorted(self.agents)
        self.received.append(dict(actions))
        self.tick += 1
        names = self.agents
        rewards = {name: self.tick + 0.1 * actions[name] + self.bonus for name in names}
        leaves = {name: self.SCHEDULE[name][1:] for name in names}
        terminated = {name: when == self.tick and how == "terminated" for name, (when, how) in leaves.items()}
        truncated = {name: when == self.tick and how == "truncated" for name, (when, how) in leaves.items()}
        self.agents = [name for name in names if not (terminated[name] or truncated[name])]
        self.agents += [name for name, (comes, _, _) in self.SCHEDULE.items() if comes == self.tick]
        if self.tick == self.last_tick:
            self.agents = []
        return self._seen({*names, *self.agents}), rewards, terminated, truncated, {name: {} for name in self.agents}


class Mixed(Joint):
    SCHEDULE = {"a_0": (0, 2, "terminated"), "a_1": (0, 3, "truncated"), "a_2": (0, 4, "terminated")}


class Late(Joint):
    SCHEDULE = {"a_0": (0, 6, "terminated"), "late_1": (2, 6, "truncated"), "never_2": (99, None, "")}


class Absent(ParallelEnv):
    """Two agents take turns by leaving `agents` for a tick, without any ending."""

    metadata = {"name": "absent"}
    possible_agents = ("even", "odd")

    def observation_space(self, agent):
        return spaces.Discrete(10)

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.tick, self.agents = 0, ["even"]
        return {"even": 0}, {"even": {}}

    def step(self, actions):
        acted = self.possible_agents[self.tick % 2]
        assert list(actions) == [acted]
        self.tick += 1
        over = self.tick == 4
        self.agents = [] if over else [self.possible_agents[self.tick % 2]]
        flags = dict.fromkeys(self.possible_agents, over)
        return (
            dict.fromkeys(self.agents, self.tick),
            dict.fromkeys(self.possible_agents, 1.0),
            flags,
            dict.fromkeys(self.possible_agents, False),
            {},
        )


class Turns(AECEnv):
    """Agents in turn; action 1 pays everybody 1 to each, action 2 kills the next agent, who loses 5. Ends at 12."""

    metadata = {"name": "turns", "is_parallelizable": False}

    def __init__(self, players: int = 3):
        super().__init__()
        self.possible_agents = [f"player_{index}" for index in range(players)]

    def observation_space(self, agent):
        return spaces.Box(0, 100, (1,), np.int64)

    def action_space(self, agent):
        return spaces.Discrete(3)

    def reset(self, seed=None, options=None):
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {name: {} for name in self.agents}
        self.agent_selection = self.agents[0]
        self.moves = 0

    def observe(self, agent):
        return np.array([self.moves])

    def _next(self):
        at = self.agents.index(self.agent_selection)
        return self.agents[(at + 1) % len(self.agents)]

    def step(self, action):
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            after = self._next()
            self._was_dead_step(action)
            if self.agents and getattr(self, "_skip_agent_selection", None) is None and after in self.agents:
                self.agent_selection = after
            return
        self._cumulative_rewards[self.agent_selection] = 0
        self._clear_rewards()
        self.moves += 1
        if action == 1:
            for position, name in enumerate(self.possible_agents):
                if name in self.agents:
                    self.rewards[name] += 1 + position
        if action == 2 and len(self.agents) > 1:
            victim = self._next()
            self.terminations[victim] = True
            self.rewards[victim] -= 5
        if self.moves >= 12:
            self.truncations = {name: not self.terminations[name] for name in self.agents}
        self._accumulate_rewards()
        self.agent_selection = self._next()


class Uneven(Turns):
    """It says that it has cycles, but the first agent moves twice."""

    metadata = {"name": "uneven", "is_parallelizable": True}

    def step(self, action):
        first = self.moves == 0
        super().step(action)
        if first:
            self.agent_selection = self.agents[0]


class Undead(Turns):
    """Its dead never leave."""

    def step(self, action):
        if action is not None:
            super().step(action)


class Failing(Turns):
    def step(self, action):
        if self.moves == 2:
            raise ZeroDivisionError("the third move")
        super().step(action)


class Odd(ParallelEnv):
    """All kinds of spaces; masks come in the infos. What it was given is kept in `received`."""

    metadata = {"name": "odd"}
    SPACES = (
        (spaces.Discrete(4, start=3), spaces.Discrete(4, start=3)),
        (spaces.MultiDiscrete([2, 3], start=[1, 5]), spaces.MultiDiscrete([2, 3], start=[1, 5])),
        (spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 255, (2, 2, 3), np.uint8))), spaces.MultiBinary(2)),
        (
            spaces.Dict({"x/y": spaces.Box(-1, 1, (), np.float64), "flags": spaces.MultiBinary(3)}),
            spaces.Tuple((spaces.Discrete(2, start=7), spaces.MultiDiscrete([2, 4]))),
        ),
        (spaces.Box(-1, 1, (2,), np.float32), spaces.Box(np.array([-1, 0]), np.array([1, 5]), dtype=np.float32)),
    )

    def __init__(self):
        self.possible_agents = [f"agent_{index}" for index in range(len(self.SPACES))]
        self.spaces = dict(zip(self.possible_agents, self.SPACES, strict=True))

    def observation_space(self, agent):
        return self.spaces[agent][0]

    def action_space(self, agent):
        return self.spaces[agent][1]

    def _shown(self):
        for seen, _ in self.spaces.values():
            seen.seed(int(self.generator.integers(2**31)))
        self.shown = {name: seen.sample() for name, (seen, _) in self.spaces.items()}
        infos = {name: {} for name in self.agents}
        infos["agent_0"] = {"action_mask": np.array([1, 0, 1, 0], np.int8)}
        infos["agent_1"] = {"action_mask": (np.array([0, 1], np.int8), np.array([1, 1, 0], np.int8))}
        return self.shown, infos

    def reset(self, seed=None, options=None):
        self.generator = np.random.default_rng(seed)
        self.agents, self.tick, self.received = self.possible_agents[:], 0, []
        return self._shown()

    def step(self, actions):
        for name, action in actions.items():
            assert self.spaces[name][1].contains(action), (name, action)
        self.received.append(actions)
        self.tick += 1
        over = self.tick == 5
        flags = dict.fromkeys(self.agents, over)
        if over:
            self.agents = []
        observations, infos = self._shown()
        return observations, dict.fromkeys(self.spaces, 0.0), flags, dict.fromkeys(self.spaces, False), infos


class Unseeded(Mixed):
    def reset(self, options=None):
        return super().reset(0)


class Nameless(Mixed):
    def __init__(self):
        super().__init__()
        self.possible_agents = []


class Wordy(Mixed):
    def observation_space(self, agent):
        return spaces.Text(5)


class Careless(Mixed):
    """It flags both endings at once, and leaves the dead in `agents`."""

    def step(self, actions):
        before = self.agents
        self.agents = [name for name in before if name in actions]
        observations, rewards, terminated, truncated, infos = super().step(actions)
        ended = {name: terminated[name] or truncated[name] for name in terminated}
        self.agents = before
        return observations, rewards, ended, ended, infos


class Drowned(Turns):
    """The killed are both terminated and truncated."""

    def step(self, action):
        super().step(action)
        if self.moves < 12:
            self.truncations = dict(self.terminations)


class Squint(Mixed):
    """Shows more than its space says."""

    def _seen(self, names):
        return {name: np.zeros(3, np.float32) for name in names}


class Blinkered(Mixed):
    """Its masks are too short."""

    def reset(self, seed=None, options=None):
        observations, infos = super().reset(seed)
        return observations, {name: {"action_mask": np.ones(2)} for name in infos}


class Picky(Mixed):
    def __init__(self, size: int = 3, name: str = "x", rate: float = 1.0):
        assert size > 0, "size must be positive"
        super().__init__()


def nothing():
    return 42


class Choices(ParallelEnv):
    """Two choices with a mask in the observation; at the second tick the second choice has no legal option."""

    metadata = {"name": "choices"}

    def __init__(self):
        self.possible_agents = ["a", "b"]

    def observation_space(self, agent):
        return spaces.Dict({"observation": spaces.Box(0, 9, (1,)), "action_mask": spaces.MultiBinary(5)})

    def action_space(self, agent):
        return spaces.MultiDiscrete([3, 2])

    def _shown(self):
        mask = np.array([1, 0, 1, 0, 0] if self.tick == 1 else [1, 1, 0, 0, 1], np.int8)
        return {agent: {"observation": np.full(1, self.tick, np.float32), "action_mask": mask} for agent in self.agents}

    def reset(self, seed=None, options=None):
        self.agents, self.tick = list(self.possible_agents), 0
        return self._shown(), {agent: {} for agent in self.agents}

    def step(self, actions):
        self.tick += 1
        shown, over = self._shown(), dict.fromkeys(self.agents, self.tick == 3)
        told = shown, dict.fromkeys(over, 1.0), over, dict.fromkeys(over, False), {agent: {} for agent in over}
        self.agents = [] if self.tick == 3 else self.agents
        return told


class Foragers(gymnasium.Env):
    """Gymnasium, but for several agents: a tuple of spaces, lists of rewards, one end for all or one for each."""

    def __init__(self, agents=2, max_steps=4, each=False, masks=False):
        self.max_steps, self.each, self.masks = max_steps, each, masks
        self.observation_space = spaces.Tuple([spaces.Box(0, 99, (2,), np.float32)] * agents)
        self.action_space = spaces.Tuple([spaces.Discrete(3)] * agents)

    def _shown(self):
        return tuple(np.array([index, self.tick], np.float32) for index in range(len(self.action_space)))

    def _info(self):
        return (
            {"action_mask": [np.array([1, 1, index]) for index in range(len(self.action_space))]} if self.masks else {}
        )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.tick = 0
        return self._shown(), self._info()

    def step(self, actions):
        assert self.action_space.contains(actions), actions
        self.tick += 1
        rewards = [float(action) + self.np_random.integers(1) for action in actions]
        ends = [self.tick >= self.max_steps or (self.each and index < self.tick) for index in range(len(actions))]
        return self._shown(), rewards, ends if self.each else ends[-1], False, self._info()


class Alone(gymnasium.Env):
    """One agent."""

    observation_space = action_space = spaces.Discrete(2)


gymnasium.register("Foragers-v0", Foragers, max_episode_steps=3)


class Steady(ParallelEnv):
    """Two agents for six ticks, 1 each a tick; what is seen is [tick, a number of the match]."""

    metadata = {"name": "steady"}
    made = 0

    def __init__(self):
        type(self).made += 1
        self.possible_agents = ["a_0", "a_1"]

    def __str__(self):
        return type(self).__name__.lower()

    def observation_space(self, agent):
        return spaces.Box(-1, 1000, (2,), np.float32)

    def action_space(self, agent):
        return spaces.Discrete(2)

    def seen(self):
        return {name: np.array([self.tick, self.mark], np.float32) for name in self.possible_agents}

    def reset(self, seed=None, options=None):
        self.chance = np.random.default_rng(seed)
        self.tick, self.mark = 0, self.chance.integers(100)
        self.agents = list(self.possible_agents)
        return self.seen(), {}

    def step(self, actions):
        self.tick += 1
        over = dict.fromkeys(self.agents, self.tick == 6)
        rewards = dict.fromkeys(self.agents, 1.0)
        if self.tick == 6:
            self.agents = []
        return self.seen(), rewards, over, dict.fromkeys(over, False), {}


class Crashing(Steady):
    """Dies with its simulator now and then, for good."""

    dead = False

    def reset(self, seed=None, options=None):
        assert not self.dead
        return super().reset(seed)

    def step(self, actions):
        if self.chance.random() < 0.01:
            self.dead = True
            raise RuntimeError("the simulator is gone")
        return super().step(actions)


class Empty(Steady):
    """Nobody is there after one reset in thirty."""

    def reset(self, seed=None, options=None):
        seen, infos = super().reset(seed)
        if self.chance.random() < 1 / 30:
            self.agents = []
        return seen, infos


class Leaky(Steady):
    """The number of the match is that of the last one, and one more."""

    total = 0

    def reset(self, seed=None, options=None):
        super().reset(seed)
        self.total += 1
        self.mark += self.total
        return self.seen(), {}


class Restless(Steady):
    """What is seen does not follow from the seed."""

    def seen(self):
        return {name: np.array([self.tick, np.random.random()], np.float32) for name in self.possible_agents}


class Legacy(Steady):
    """a_0 dies at the second tick, and is paid 10 at the fifth."""

    def step(self, actions):
        seen, rewards, over, cut, infos = super().step(actions)
        if self.tick == 2:
            over["a_0"] = True
            self.agents = ["a_1"]
        if self.tick == 5:
            rewards["a_0"] = 10.0
        return seen, rewards, over, cut, infos


class Phoenix(Steady):
    """a_0 dies at the second tick, and is back at the fourth; `strict`: then it must act."""

    def __init__(self, strict: bool = False):
        super().__init__()
        self.strict = strict

    def step(self, actions):
        if self.strict and set(actions) != set(self.agents):
            raise KeyError("a_0")
        seen, rewards, over, cut, infos = super().step(actions)
        if self.tick == 2:
            over["a_0"] = True
            self.agents = ["a_1"]
        if self.tick == 4:
            self.agents = ["a_0", "a_1"]
        if self.tick > 4:
            rewards["a_0"] = 0.0
        return seen, rewards, over, cut, infos
