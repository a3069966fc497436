"""Advantage actor-critic: the plain policy gradient, with values as the baseline. The smallest of the family.

Source: Mnih et al., "Asynchronous methods for deep reinforcement learning", ICML 2016 (in its synchronous form).
"""

from __future__ import annotations

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl_rllib.params import A2CParams


class A2CLearner(ColumnLearner):
    """The policy gradient, a value loss and an entropy bonus."""

    hyper: A2CParams

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`."""
        hyper, distribution = self.hyper, self.distribution(module_id)
        logp = distribution.logp(inputs, batch["action"])
        advantage = self.normalised(batch["advantage"]) if hyper.normalise else batch["advantage"]
        policy_loss = -(logp * advantage).mean()
        value_loss = 0.5 * (value - batch["target"]).square().mean()
        entropy = distribution.entropy(inputs).mean()
        loss = policy_loss + hyper.value_coefficient * value_loss - self.coefficients["entropy_weight"] * entropy
        return loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": entropy.detach(),
            "kl": (batch["logp"] - logp.detach()).mean(),
        }


class A2C(RLlibAlgorithm):
    """See `A2CParams`."""

    learner = A2CLearner
    parameters = A2CParams
