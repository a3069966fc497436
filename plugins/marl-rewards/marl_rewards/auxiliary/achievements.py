"""Next-achievement contrast: features and the action say which achievement comes next in this match.

An achievement is a turn that pays more than 0; it is known by what it changes, the difference of the features after it
and before it. Of all that the rows of a minibatch reach next, each row has to pick its own (InfoNCE).
Source: Moon, Yeom, Park, Song, "Discovering hierarchical achievements in reinforcement learning via contrastive
learning" (achievement distillation), NeurIPS 2023 (arXiv:2307.03486), section 4.2, intra-trajectory achievement
prediction; it is on PPO there, too, though in a phase of its own.
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
    """How much it counts."""

    weight: float = 0.1
    """Of the term in the loss."""
    temperature: float = 0.1
    """What cosines are divided by: the smaller, the more the nearest rivals count."""
    hidden: int = 64
    """Width of the hidden layer of the predictor."""

    def __post_init__(self) -> None:
        if not self.weight > 0 or not self.temperature > 0 or self.hidden < 1:
            raise ValueError("weight and temperature must be above 0, and hidden at least 1")


class Achievements:
    """See `marl.training.auxiliary.AuxiliaryLoss`. Reports `found`, how often a row's own is the likeliest."""

    needs: ClassVar = ("gain", "gain_before", "gain_after")

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def make(self, network: Network) -> Mapping[str, nn.Module]:
        """The predictor."""
        size = network.policy_head.in_features
        return {"next": Joined(size, network.action, self.params.hidden, network.encoder.size)}

    def loss(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Over the rows after which something is achieved; 0 where that are fewer than two."""
        rows = torch.nonzero(batch["gain"] >= 0)[:, 0]
        nothing = features.sum() * 0 + sum(part.sum() * 0 for part in modules["next"].parameters())
        if len(rows) < 2:
            return nothing, {"found": features.new_zeros(())}
        gain = batch["gain"][rows]
        changed = batch["encode"](batch["gain_after"]) - batch["encode"](batch["gain_before"])
        target = F.normalize(changed[rows], dim=1)
        said = F.normalize(modules["next"](features[rows], batch["action"][rows]), dim=1)
        alike = said @ target.T / self.params.temperature
        own = torch.eye(len(rows), dtype=torch.bool, device=gain.device)
        alike = alike.masked_fill((gain[:, None] == gain[None]) & ~own, -torch.inf)  # the same one is no rival
        label = torch.arange(len(rows), device=gain.device)
        found = (alike.detach().argmax(dim=1) == label).float().mean()
        return self.params.weight * F.cross_entropy(alike, label) + nothing, {"found": found}
