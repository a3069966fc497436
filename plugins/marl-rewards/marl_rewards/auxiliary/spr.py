"""Self-predictive representation: features and the action say what the features of the next observation will be.

The term is one minus the cosine between what is predicted and what comes, which is taken as given (no gradient).
Source: Schwarzer, Anand, Goel, Hjelm, Courville, Bachman, "Data-efficient reinforcement learning with self-predictive
representations" (SPR), ICLR 2021 (arXiv:2007.05929), section 2: here one step ahead, without augmentation, and with
the network itself as the target (their momentum tau = 0), behind a projection of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.networks import Network
from marl_rewards.auxiliary.layers import Joined


@dataclass
class Params:
    """How much it counts."""

    weight: float = 0.1
    """Of the term in the loss."""
    hidden: int = 64
    """Width of the hidden layer of the predictor."""

    def __post_init__(self) -> None:
        if not self.weight > 0 or self.hidden < 1:
            raise ValueError("weight must be above 0, and hidden at least 1")


class SPR:
    """See `marl.training.auxiliary.AuxiliaryLoss`. Reports `cosine`: 1 where all is foreseen."""

    needs: ClassVar = ("next_observation",)

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def make(self, network: Network) -> Mapping[str, nn.Module]:
        """The predictor, from the features that heads stand on to those of the encoder."""
        size = network.policy_head.in_features
        return {"next": Joined(size, network.action, self.params.hidden, network.encoder.size)}

    def loss(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Over the rows that something follows."""
        seen = batch["encode"](batch["next_observation"]).detach()
        alike = F.cosine_similarity(modules["next"](features, batch["action"]), seen, dim=1)
        followed = batch["followed"].float() if "followed" in batch else alike.new_ones(len(alike))
        cosine = (alike * followed).sum() / followed.sum().clamp(min=1)
        return self.params.weight * (1 - cosine), {"cosine": cosine.detach()}
