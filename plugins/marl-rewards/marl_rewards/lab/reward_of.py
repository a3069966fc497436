"""The `reward:` blocks of scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marl.errors import UserError
from marl.registry.component import Component
from marl.scenario import Scenario
from marl.training.composition import RewardConfig


@dataclass(frozen=True)
class Block:
    """A `reward:` block with channels: where it stands, "" for that of a training run, and its learner's discount."""

    where: str
    reward: RewardConfig
    discount: float

    @property
    def place(self) -> str:
        """The end of a title: " (strategy.oracle)"."""
        return f" ({self.where})" if self.where else ""


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


def blocks_of(scenario: Scenario) -> list[Block]:
    """The different blocks with channels of a training run, or of all learners of a league; none for other kinds."""
    if scenario.kind == "train":
        return list(_blocks("", scenario.config.algorithm))
    if scenario.kind != "league":
        return []
    found: list[Block] = []
    for where, one in _components("strategy", scenario.config.strategy):
        found += [block for block in _blocks(where, one) if all(block.reward != known.reward for known in found)]
    return found


def _blocks(where: str, learner: Component) -> Iterator[Block]:
    reward = learner.params.get("reward")
    if isinstance(reward, RewardConfig) and (reward.channels or reward.combine):
        yield Block(where, reward, float(learner.params.get("discount", 1.0)))


def _components(where: str, value: Any) -> Iterator[tuple[str, Component]]:
    """A component and all within it, each with its place: "strategy.oracle", "strategy.others.0"."""
    if isinstance(value, Component):
        yield where, value
        value = value.params
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _components(f"{where}.{key}", each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _components(f"{where}.{index}", each)
