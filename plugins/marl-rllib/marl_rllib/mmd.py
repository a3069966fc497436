"""Magnetic mirror descent: policy gradients that are pulled towards a magnet and held close to the last policy.

Why: in two-player zero-sum games plain policy gradients cycle. With the pull, self-play converges to a regularised
equilibrium, and to a Nash equilibrium as the pull goes to 0, without a population or averaging. The update is

    maximise  E[advantage]  -  alpha KL(policy, magnet)  -  1/eta KL(policy, policy that played)

with a uniform magnet, so that its KL is the entropy bonus (up to a constant), or one that slowly follows the policy. As
in the paper's deep form it stands on PPO's data path (GAE, several epochs, ratios instead of exact expectations), and
alpha and eta fall with the root of time; unlike there, advantages keep the scale of the game's returns, or the noise
would never fade.

Source: Sokota et al., "A unified approach to reinforcement learning, quantal response equilibria, and two-player
zero-sum games", ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl_rllib.params import MMDParams


class MMDLearner(ColumnLearner):
    """The policy gradient with two divergences, and a value loss."""

    hyper: MMDParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`played`: the distribution before this fit; `magnet`: the past one's, where that is what pulls. `[K, D]`."""
        prepared = {"played": self.inputs(module_id, columns)}
        if self.hyper.magnet == "past":
            now = self.network(module_id).state_dict()
            weights = self.past.setdefault(module_id, {name: value.clone() for name, value in now.items()})
            prepared["magnet"] = self.inputs(module_id, columns, weights)
        return prepared

    def fitted(self, module_id: str, stats: Mapping[str, float]) -> None:
        """The magnet follows."""
        now = self.network(module_id).state_dict()
        for name, value in self.past.get(module_id, {}).items():
            value.lerp_(now[name], self.hyper.magnet_rate)

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`; `played` is `[K, D]`."""
        hyper, distribution = self.hyper, self.distribution(module_id)
        ratio = (distribution.logp(inputs, batch["action"]) - batch["logp"]).exp()
        gain = ratio * batch["advantage"]
        if hyper.clip is not None:
            gain = torch.min(gain, ratio.clamp(1 - hyper.clip, 1 + hyper.clip) * batch["advantage"])
        policy_loss = -gain.mean()
        played = (inputs, batch["played"]) if hyper.divergence == "reverse" else (batch["played"], inputs)
        kl = distribution.kl(*played).mean()
        entropy = distribution.entropy(inputs).mean()
        value_loss = 0.5 * (value - batch["target"]).square().mean()
        pull = distribution.kl(inputs, batch["magnet"]).mean() if "magnet" in batch else -entropy
        loss = policy_loss + self.coefficients["alpha"] * pull + kl / self.coefficients["eta"]
        return loss + hyper.value_coefficient * value_loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": entropy.detach(),
            "kl": kl.detach(),
        }


class MMD(RLlibAlgorithm):
    """See `MMDParams`."""

    learner = MMDLearner
    parameters = MMDParams
