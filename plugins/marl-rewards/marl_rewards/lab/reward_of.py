"""The `reward:` block of a scenario."""

from __future__ import annotations

from marl.errors import UserError
from marl.registry.component import Component
from marl.scenario import Scenario
from marl.training.composition import RewardConfig


def reward_of(scenario: Scenario) -> RewardConfig:
    """What is learned from in a scenario of `kind: train`. Raises UserError where there is no such thing."""
    if scenario.kind != "train":
        raise UserError(f"{scenario.source} is of kind {scenario.kind!r}: give a scenario of kind: train; the block "
                        "`reward:` of a league's oracle can be tried in one")  # fmt: skip
    algorithm: Component = scenario.config.algorithm
    reward = algorithm.params.get("reward")
    if not isinstance(reward, RewardConfig) or reward.is_plain:
        raise UserError(f"{scenario.source}: its algorithm {algorithm.name} has no `reward:` block with channels, "
                        "so it learns from the game's own reward alone")  # fmt: skip
    return reward
