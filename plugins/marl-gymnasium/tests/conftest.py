from __future__ import annotations

import importlib.util

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from marl_gymnasium.catalogue import listed

EXTRAS = {"": "gymnasium", "box2d": "Box2D", "mujoco": "mujoco"}


class Oddities(gymnasium.Env):
    """Every kind of space at once, one buffer for all observations, and both endings at the same tick."""

    observation_space = spaces.Dict(
        {
            "pixels": spaces.Box(0, 255, (2, 3), np.uint8),
            "pair": spaces.Tuple((spaces.Discrete(5, start=-2), spaces.MultiDiscrete([3, 4], start=[1, 10]))),
            "bits": spaces.MultiBinary((2, 2)),
            "number": spaces.Box(-1.0, 1.0, (), np.float64),
        }
    )
    action_space = spaces.Dict(
        {
            "engine": spaces.Discrete(3, start=1),
            "grid": spaces.MultiDiscrete([[2, 3], [4, 5]]),
            "switches": spaces.MultiBinary(2),
        }
    )

    def __init__(self, length=6, note=""):
        self.length = length
        self.pixels = np.zeros((2, 3), np.uint8)

    def _seen(self):
        self.pixels[:] = self.np_random.integers(0, 256, (2, 3))
        number = np.float64(self.np_random.uniform(-1, 1))
        pair = (np.int64(self.np_random.integers(-2, 3)), np.array([3, 13]))
        return {"pixels": self.pixels, "pair": pair, "bits": np.ones((2, 2), np.int8), "number": number}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.ticks = 0
        return self._seen(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.ticks += 1
        over = self.ticks == self.length
        return self._seen(), float(action["grid"].sum()), over, over, {}


class Uneven(gymnasium.Env):
    """Acted in by numbers with bounds of their own; rewards are the sum of what came."""

    observation_space = spaces.Discrete(2)

    def __init__(self, low=(-1.0, 0.0), high=(1.0, 4.0), raises=False, reward=None):
        self.action_space = spaces.Box(np.array(low, np.float32), np.array(high, np.float32))
        self.raises, self.reward, self.given = raises, reward, []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        if self.raises:
            raise ZeroDivisionError("the engine broke")
        assert self.action_space.contains(action), action
        self.given.append(action)
        return 1, self.reward if self.reward is not None else float(action.sum()), False, False, {}


@pytest.fixture
def oddities():
    return Oddities


@pytest.fixture
def uneven():
    return Uneven


@pytest.fixture(scope="session", autouse=True)
def registered():
    """Gymnasium knows Oddities-v0, whose length has no limit, and which takes parameters."""
    gymnasium.register("Oddities-v0", Oddities)
    yield
    del gymnasium.registry["Oddities-v0"]


@pytest.fixture
def needs():
    """`needs(id)` skips the test where the package that this environment needs is missing."""

    def check(id):
        extra = listed(id).extra
        if importlib.util.find_spec(EXTRAS[extra]) is None:
            pytest.skip(f"{id} needs gymnasium[{extra}]")

    return check
