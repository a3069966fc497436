"""Reward prediction: is what a turn pays above, about, or below 0? Features that know what pays learn to get it sooner.

Source: Jaderberg et al., "Reinforcement learning with unsupervised auxiliary tasks" (UNREAL), ICLR 2017
(arXiv:1611.05397), section 3.2: three classes and a cross-entropy; with on-policy heads, as here: Moschopoulos et al.,
"Lucy-SKG", arXiv:2305.15801. Classes weigh alike, however rare, instead of being drawn alike from a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.networks import Network
from marl_rewards.auxiliary.layers import Joined


@dataclass
class Params:
    """How much it counts, and what is about 0."""

    weight: float = 0.1
    """Of the term in the loss."""
    threshold: float = 1e-3
    """What is paid within it, up or down, is about 0."""
    hidden: int = 64
    """Width of the hidden layer of the predictor."""

    def __post_init__(self) -> None:
        if not self.weight > 0 or self.threshold < 0 or self.hidden < 1:
            raise ValueError("weight must be above 0, threshold not negative, hidden at least 1")


class RewardPrediction:
    """See `marl.training.auxiliary.AuxiliaryLoss`. Reports `accuracy`, the share of rows whose class is right."""

    needs: ClassVar = ("reward",)

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def make(self, network: Network) -> Mapping[str, nn.Module]:
        """The predictor."""
        return {"classes": Joined(network.policy_head.in_features, network.action, self.params.hidden, 3)}

    def loss(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The cross-entropy of the three classes."""
        reward: Tensor = batch["reward"]
        label = 1 + (reward > self.params.threshold).long() - (reward < -self.params.threshold).long()
        said = modules["classes"](features, batch["action"])
        counts = torch.bincount(label, minlength=3).float()
        there = counts > 0
        weights = there * len(label) / counts.clamp(min=1) / there.sum()
        return self.params.weight * F.cross_entropy(said, label, weights), {
            "accuracy": (said.detach().argmax(dim=1) == label).float().mean()
        }
