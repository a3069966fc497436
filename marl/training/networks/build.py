"""Which network serves which agent, and new networks."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from marl import rng
from marl.env import EnvSpec, Group
from marl.space import Discrete, Space, Tree
from marl.training.model import ModelConfig, Sharing
from marl.training.networks.heads import Heads
from marl.training.networks.network import Network
from marl.training.networks.team_model import TeamSize
from marl.types import Ints


def module_ids(spec: EnvSpec, sharing: Sharing) -> tuple[str, ...]:
    """The id of the network of each agent, in the order of `spec.agents`.

    `all`: one network per group ("players"). `side`: one per side and group ("side0.players"). `none`: one per agent
    ("player_0").
    """
    if sharing == "none":
        return spec.agents
    groups = [spec.groups[group].name for group in spec.group_of.tolist()]
    if sharing == "all":
        return tuple(groups)
    return tuple(f"side{side}.{group}" for side, group in zip(spec.side_of.tolist(), groups, strict=True))


def networks(
    spec: EnvSpec,
    config: ModelConfig | None = None,
    sharing: Sharing = "all",
    seed: int = 0,
    sides: Collection[int] | None = None,
) -> dict[str, Network]:
    """New networks by module id (see `fresh`), only those that serve the given `sides` (None: all)."""
    built: dict[str, Network] = {}
    for agent, name in enumerate(module_ids(spec, sharing)):
        if name in built or (sides is not None and spec.side_of[agent] not in sides):
            continue
        group = spec.groups[spec.group_of[agent]]
        config = config or ModelConfig()
        built[name] = fresh(seen_space(group, config), group.action, config, seed, name)
    return built


def seen_space(group: Group, config: ModelConfig) -> Space:
    """What the networks of a group see: its observations, with `identity` beside the agent's place (see `places`)."""
    if not config.identity:
        return group.observation
    return Tree({"agent": Discrete(len(group.agents)), "observation": group.observation})


def places(spec: EnvSpec) -> Ints:
    """The place of each agent `int64[N]` that a network with `identity` is told: that in its group.

    In a symmetric game it is the place among those of its group that are on its side: whoever learns as one side there
    plays as any.
    """
    result = np.zeros(len(spec.agents), dtype=np.int64)
    teams = spec.sides if spec.symmetric else (range(len(spec.agents)),)
    for group in spec.groups:
        for team in teams:
            mine = [agent for agent in group.agents if agent in team]
            result[mine] = np.arange(len(mine))
    return result


def fresh(
    observation: Space,
    action: Space,
    config: ModelConfig,
    seed: int,
    name: str,
    heads: Heads | None = None,
    team: TeamSize | None = None,
) -> Network:
    """A new network whose weights follow from `seed` and its id."""
    with seeded(seed, name):
        return Network(observation, action, config, heads, team)


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """What torch draws in here follows from `seed` and a name; its own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.mix(seed, zlib.crc32(name.encode()))[0]) >> 1)
        yield
