"""What auxiliary tasks are made of: a small network, and actions as numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.space import Box, Discrete, MultiDiscrete, Space
from marl_rewards.encode import width


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """One hidden layer: `[K, inputs] -> [K, outputs]`."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


class Actions(nn.Module):
    """Actions `[K, ...]` of a space as `float32[K, size]`: choices as ones among zeros."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space, self.size = space, width(space)

    def forward(self, action: Tensor) -> Tensor:
        """See the class."""
        match self.space:
            case Discrete(n):
                return torch.nn.functional.one_hot(action.long(), n).float()
            case MultiDiscrete(nvec):
                parts = [torch.nn.functional.one_hot(action[:, at].long(), n) for at, n in enumerate(nvec)]
                return torch.cat(parts, dim=1).float()
            case Box():
                return action.float().flatten(1)
        raise ValueError(f"actions of {self.space} are no numbers")


class Joined(nn.Module):
    """Features and the action beside them, through a perceptron: `[K, F]`, `[K, ...] -> [K, outputs]`."""

    def __init__(self, features: int, space: Space, hidden: int, outputs: int) -> None:
        super().__init__()
        self.actions = Actions(space)
        self.layers = perceptron(features + self.actions.size, hidden, outputs)

    def forward(self, features: Tensor, action: Tensor) -> Tensor:
        """See the class."""
        out: Tensor = self.layers(torch.cat([features, self.actions(action)], dim=1))
        return out
