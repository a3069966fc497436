"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms with networks."""
    yield Descriptor(
        "ppo",
        "marl_rllib.ppo:PPO",
        "proximal policy optimisation with a clipped objective",
        params="marl_rllib.params:PPOParams",
        source="Schulman et al., Proximal policy optimization algorithms, 2017",
        tags=("networks",),
    )
    yield Descriptor(
        "a2c",
        "marl_rllib.a2c:A2C",
        "advantage actor-critic: one plain policy gradient step per minibatch",
        params="marl_rllib.params:A2CParams",
        source="Mnih et al., Asynchronous methods for deep reinforcement learning, ICML 2016",
        tags=("networks",),
    )
    yield Descriptor(
        "mmd",
        "marl_rllib.mmd:MMD",
        "magnetic mirror descent: in two-player zero-sum games, self-play that converges",
        params="marl_rllib.params:MMDParams",
        source="Sokota et al., A unified approach to reinforcement learning, quantal response equilibria, and "
        "two-player zero-sum games, ICLR 2023",
        tags=("networks",),
    )
    yield Descriptor(
        "dqn",
        "marl_rllib.dqn:DQN",
        "deep Q-learning from a replay: double, duelling, prioritised, n-step",
        params="marl_rllib.params:DQNParams",
        source="Mnih et al., Human-level control through deep reinforcement learning, Nature 518, 2015",
        tags=("networks", "replay"),
    )
    yield Descriptor(
        "sac",
        "marl_rllib.sac:SAC",
        "soft actor-critic from a replay, for real and for discrete actions",
        params="marl_rllib.params:SACParams",
        source="Haarnoja et al., Soft actor-critic algorithms and applications, 2018; Christodoulou, Soft actor-critic "
        "for discrete action settings, 2019",
        tags=("networks", "replay"),
    )
