"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """On-policy algorithms with networks."""
    yield Descriptor(
        "ppo",
        "marl_rllib.ppo:PPO",
        "proximal policy optimisation with a clipped objective",
        params="marl_rllib.ppo:PPOParams",
        source="Schulman et al., Proximal policy optimization algorithms, 2017",
        tags=("networks",),
    )
    yield Descriptor(
        "a2c",
        "marl_rllib.a2c:A2C",
        "advantage actor-critic: one plain policy gradient step per minibatch",
        params="marl_rllib.a2c:A2CParams",
        source="Mnih et al., Asynchronous methods for deep reinforcement learning, ICML 2016",
        tags=("networks",),
    )
    yield Descriptor(
        "mmd",
        "marl_rllib.mmd:MMD",
        "magnetic mirror descent: in two-player zero-sum games, self-play that converges",
        params="marl_rllib.mmd:MMDParams",
        source="Sokota et al., A unified approach to reinforcement learning, quantal response equilibria, and "
        "two-player zero-sum games, ICLR 2023",
        tags=("networks",),
    )
