"""NashPG: a policy gradient that is held to a reference by a large divergence, and references that follow one another.

Other regularised methods come near an equilibrium by making their regularisation small, which is where noise
wins. Here it stays strong. What the policy converges to under it becomes the reference, and so on; in two-player
zero-sum games each is nearer to an equilibrium than the one before. The update is PPO's clipped objective less

    alpha KL(policy, reference)

Source: Yu et al., "Nash policy gradient: a policy gradient method with iteratively refined regularization for finding
Nash equilibria", arXiv:2510.18183, 2025.
"""

from __future__ import annotations

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import Stats, Tensors
from marl_nash.params import NashPGParams
from marl_nash.reference import ReferenceLearner


class NashPGLearner(ReferenceLearner):
    """The clipped objective, the divergence from the reference, and a value loss."""

    hyper: NashPGParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`reference`: the inputs of the reference's distribution, `[K, D]`."""
        return {"reference": self.reference(module_id, columns)}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`; `reference` is `[K, D]`."""
        distribution, advantage = self.distribution(module_id), batch["advantage"]
        ratio = (distribution.logp(inputs, batch["action"]) - batch["logp"]).exp()
        clipped = ratio.clamp(1 - self.hyper.clip, 1 + self.hyper.clip)
        policy_loss = -torch.min(ratio * advantage, clipped * advantage).mean()
        kl = distribution.kl(inputs, batch["reference"]).mean()
        value_loss = self.value_loss(value, batch["target"])
        loss = policy_loss + self.hyper.alpha * kl + value_loss
        entropy = distribution.entropy(inputs).mean()
        return loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "reference_kl": kl.detach(),
            "entropy": entropy.detach(),
        }


class NashPG(RLlibAlgorithm):
    """See `NashPGParams`."""

    learner = NashPGLearner
    parameters = NashPGParams
