"""A game of two sides with two groups, and rows of it."""

import importlib.util

import numpy as np
import pytest

from marl import rng, space
from marl.env import EnvSpec, Group, Rows
from marl.space import Box, Discrete, MultiDiscrete, Tree

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]  # without torch there are no networks
SEEN = Tree({"image": Box((3, 5, 4), 0, 255, "uint8"), "kind": Discrete(3), "parts": MultiDiscrete((2, 3))})
BOARD = Box((3, 5, 4), 0, 1)


@pytest.fixture
def spec() -> EnvSpec:
    """Two scouts who see a tree and choose out of 4, and two guards who see a vector and choose twice."""
    groups = (Group("scouts", (0, 2), SEEN, Discrete(4)), Group("guards", (1, 3), Box((6,)), MultiDiscrete((3, 2))))
    return EnvSpec(("ann", "bob", "cid", "dee"), groups, ((0, 1), (2, 3)), "simultaneous", 10)


@pytest.fixture
def rows():
    """`rows(group of a spec, count)`: random rows with masks, the agents of the group in turn."""

    def make(spec: EnvSpec, group: int, count: int, seed: int = 0, agents=None) -> Rows:
        here = spec.groups[group]
        agents = np.array(here.agents if agents is None else agents)
        keys = rng.mix(seed, np.arange(count))
        width = space.mask_width(here.action)
        mask = None
        if width is not None:
            mask = rng.uniform(rng.mix(seed, 1, np.arange(count * width))).reshape(count, width) < 0.6
            mask[:, 0] = True
            if isinstance(here.action, MultiDiscrete):
                mask[:, here.action.nvec[0]] = True
        seen = space.sample(here.observation, keys)
        lane = np.arange(count)
        return Rows(lane, agents[lane % len(agents)], seen, mask, np.zeros(count, dtype=bool), group)

    return make


@pytest.fixture
def board() -> EnvSpec:
    """Two players who see an image-like board, in one group."""
    return EnvSpec(("x", "o"), (Group("players", (0, 1), BOARD, Discrete(4)),), ((0,), (1,)), "turns", 10)
