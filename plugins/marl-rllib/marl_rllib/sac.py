"""Soft actor-critic: returns and entropy together, learned from a replay, with twin critics and a learned temperature.

Real actions are squashed normals, and gradients go through them into the critics; discrete ones are summed over.

Sources: Haarnoja et al., "Soft actor-critic algorithms and applications", arXiv:1812.05905 (2018); for discrete actions
Christodoulou, "Soft actor-critic for discrete action settings", arXiv:1910.07207 (2019); twin critics from Fujimoto et
al., "Addressing function approximation error in actor-critic methods", ICML 2018.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from marl.training.algorithm import RLlibAlgorithm
from marl.training.experience.replay import Replay
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads, Network
from marl.training.networks.critic import Critics, Temperature
from marl.training.networks.distributions import Squashed
from marl_rllib.params import SACParams


class SACLearner(ColumnLearner):
    """The losses of critics, policy and temperature in one; no gradient of one reaches another."""

    hyper: SACParams

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """Twin critics and a temperature."""
        return {"critics": Critics(network), "temperature": Temperature(self.hyper.temperature)}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`."""
        critics, log = self.critics[module_id]["critics"], cast(Temperature, self.critics[module_id]["temperature"]).log
        now = {name: weight.detach() for name, weight in critics.named_parameters()}
        following = {"observation": batch["next_observation"], "mask": batch.get("next_mask")}
        alpha, known = log.exp().detach(), self._valued(module_id, batch)
        with torch.no_grad():
            ahead = self.inputs(module_id, following)
            later, entropy, _ = self._soft(
                module_id, ahead, following["observation"], self.target(module_id, "critics")
            )
            target = batch["reward"] + batch["discount"] * (later + alpha * entropy)
        worth, entropy, wanted = self._soft(module_id, inputs, batch["observation"], now)
        errors = known - target  # [2, K]
        self.say(errors.detach().abs().mean(0))
        critic_loss = 0.5 * (batch["weight"] * errors.square().sum(0)).mean()
        policy_loss = -(worth + alpha * entropy).mean()
        temperature_loss = (log * (entropy.detach() - wanted)).mean()
        return critic_loss + policy_loss + temperature_loss, {
            "critic_loss": critic_loss.detach(),
            "policy_loss": policy_loss.detach(),
            "entropy": entropy.detach().mean(),
            "temperature": alpha[0],
            "q": known.detach().mean(),
        }

    def stepped(self, module_id: str) -> None:
        """The target critics follow."""
        self.follow(module_id, self.hyper.target_rate, "critics")

    def _valued(self, module_id: str, batch: Tensors) -> torch.Tensor:
        """What both critics say of what was played, `[2, K]`."""
        critics, distribution = self.critics[module_id]["critics"], self.distribution(module_id)
        if isinstance(distribution, Squashed):
            return cast(torch.Tensor, critics(batch["observation"], distribution.units(batch["action"])))
        index = batch["action"].long()[None, :, None].expand(2, -1, -1)
        return cast(torch.Tensor, critics(batch["observation"])).gather(2, index)[..., 0]

    def _soft(
        self, module_id: str, inputs: torch.Tensor, observation: Any, weights: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | float]:
        """What a policy is worth to critics with these weights, its entropy, and which is wanted: `[K]` each."""
        critics, distribution = self.critics[module_id]["critics"], self.distribution(module_id)
        if isinstance(distribution, Squashed):
            action, logp = distribution.draw(inputs, self.normal(len(inputs), distribution.size))
            said = torch.func.functional_call(critics, weights, (observation, action))
            return said.min(0).values, -logp, self.hyper.entropy_real * distribution.size
        said = torch.func.functional_call(critics, weights, (observation,)).min(0).values
        entropy = distribution.entropy(inputs)
        legal = (inputs > _ILLEGAL).sum(1)
        return (inputs.softmax(1) * said).sum(1), entropy, self.hyper.entropy_share * legal.float().log()


class SAC(RLlibAlgorithm):
    """See `SACParams`."""

    parameters = SACParams
    learner = SACLearner
    experience = Replay
    data = "both"
    heads = Heads("squashed", value=False)


_ILLEGAL = -1e8  # what masks forbid is at -1e9
