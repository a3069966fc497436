"""Advantage actor-critic: the plain policy gradient, with values as the baseline. The smallest of the family.

Source: Mnih et al., "Asynchronous methods for deep reinforcement learning", ICML 2016 (in its synchronous form).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.hyper import ActorCriticHyper
from marl.training.learner import ColumnLearner, Stats, Tensors


@dataclass(kw_only=True)
class A2CParams(ActorCriticHyper):
    """Hyper-parameters of A2C. Rows are used once, and updates are small and many."""

    rows: int = 512
    """Rows (own turns of learning agents) per update."""
    epochs: int = 1
    """How often each row is used; more than once is no longer the policy gradient."""
    minibatch: int = 512
    """Rows per gradient step."""
    lr: float = 7e-4
    """Adam's learning rate."""
    normalise: bool = False
    """Whether advantages are scaled to mean 0 and deviation 1 in each minibatch."""


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
