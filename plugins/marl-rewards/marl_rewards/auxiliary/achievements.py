"""Achievements: features and the action say which one comes next in this match, and it looks as in other matches.

An achievement is a turn that pays more than 0; it is known by what it changes, the difference of the features after it
and before it. Two terms: what comes next after a row has to be told from what comes next after rows of the same match
for which that is something else; and two achievements of different matches that a transport of the one match onto the
other pairs (`marl_rewards.auxiliary.matching`) have to look more alike than two that it does not.
Source: Moon, Yeom, Park, Song, "Discovering hierarchical achievements in reinforcement learning via contrastive
learning" (achievement distillation), NeurIPS 2023 (arXiv:2307.03486), section 4.2. It is on PPO there, too, though in a
phase of its own that holds the policy still, with one row to be told from where here are all of a minibatch, and with
the last achievement shown to the policy, which here sees what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.networks import Network
from marl_rewards.auxiliary.layers import Joined
from marl_rewards.auxiliary.matching import partners, transport

MATCHED = 0.5  # of a unit, at least, goes between two achievements that are the same


@dataclass
class Params:
    """How much it counts."""

    weight: float = 0.1
    """Of both terms in the loss."""
    match: float = 0.0
    """How much the second term counts beside the first, 1 in the paper: that what is the same in two matches looks the
    same. It cost more than it gave on `classic/tech_tree` (docs/results/rewards.md)."""
    temperature: float = 0.1
    """What cosines are divided by: the smaller, the more the nearest rivals count."""
    hidden: int = 64
    """Width of the hidden layer of the predictor."""

    def __post_init__(self) -> None:
        if not self.weight > 0 or not self.temperature > 0 or self.hidden < 1:
            raise ValueError("weight and temperature must be above 0, and hidden at least 1")
        if self.match < 0:
            raise ValueError(f"match must not be negative, but it is {self.match}")


class Achievements:
    """See `marl.training.auxiliary.AuxiliaryLoss`. Reports `found`, how often a row's own is the likeliest."""

    needs: ClassVar = ("gain", "gain_before", "gain_after", "episode")

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def make(self, network: Network) -> Mapping[str, nn.Module]:
        """The predictor."""
        size = network.policy_head.in_features
        return {"next": Joined(size, network.action, self.params.hidden, network.encoder.size)}

    def loss(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Over the rows after which something is achieved; 0 where there is nothing to tell it from."""
        rows = torch.nonzero(batch["gain"] >= 0)[:, 0]
        nothing = features.sum() * 0 + sum(part.sum() * 0 for part in modules["next"].parameters())
        if not len(rows):
            return nothing, {"found": features.new_zeros(())}
        changed = batch["encode"](batch["gain_after"]) - batch["encode"](batch["gain_before"])
        looks = F.normalize(changed[rows], dim=1)
        term, found = self._foretold(modules["next"], batch, features, rows, looks.detach())
        if self.params.match:
            term = term + self.params.match * self._matched(batch["gain"][rows], batch["episode"][rows], looks)
        return self.params.weight * term + nothing, {"found": found}

    def _foretold(
        self, predictor: nn.Module, batch: Mapping[str, Any], features: Tensor, rows: Tensor, looks: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss of picking, for each achievement, the row that it is next for; how often that is the likeliest."""
        gain, episode = batch["gain"], batch["episode"]
        said = F.normalize(predictor(features, batch["action"]), dim=1)
        rival = (episode[rows, None] == episode[None]) & (gain[rows, None] != gain[None])
        told = rival.any(dim=1)
        if not told.any():
            return features.new_zeros(()), features.new_zeros(())
        own = rows[:, None] == torch.arange(len(gain), device=gain.device)
        alike = (looks @ said.T / self.params.temperature).masked_fill(~(rival | own), -torch.inf)[told]
        found = (alike.detach().argmax(dim=1) == rows[told]).float().mean()
        return F.cross_entropy(alike, rows[told]), found

    def _matched(self, gain: Tensor, episode: Tensor, looks: Tensor) -> Tensor:
        """The loss of being more like what is matched in another match than like what else was achieved there."""
        _, at = np.unique(gain.cpu().numpy(), return_index=True)  # each achievement once
        episode, looks = episode[at], looks[at]
        partner = partners(episode)
        plan = transport(1 - looks.detach() @ looks.detach().T, episode, partner)
        other = (partner[:, None] == episode[None]) & (partner != episode)[:, None]
        same = other & (plan > MATCHED)
        rows = torch.nonzero(same.any(dim=1) & (other & ~same).any(dim=1))[:, 0]
        if not len(rows):
            return looks.sum() * 0
        alike = (looks[rows] @ looks.detach().T / self.params.temperature).masked_fill(~other[rows], -torch.inf)
        return F.cross_entropy(alike, same[rows].int().argmax(dim=1))
