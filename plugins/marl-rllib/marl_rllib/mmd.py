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
from dataclasses import dataclass
from typing import Literal

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.hyper import OnPolicyHyper, not_negative, positive
from marl.training.learner import ColumnLearner, Stats, Tensors


@dataclass(kw_only=True)
class MMDParams(OnPolicyHyper):
    """Hyper-parameters of MMD. `alpha` and `eta` are in units of the game's returns: advantages are not scaled."""

    discount: float = 1.0
    """Per own turn of an agent, however many ticks lie in between."""
    alpha: float = 0.05
    """The pull towards the magnet, at the horizon."""
    eta: float = 0.05
    """The step size, at the horizon; 1/eta weighs the divergence from the policy that played."""
    decay: Literal["none", "sqrt"] = "sqrt"
    """How alpha and eta reach those: they are so from the start, or `sqrt(horizon / t)` times as much at env step t."""
    decay_from: float = 5.0
    """How many times as much alpha and eta are at most, at the start of `decay: sqrt`."""
    magnet: Literal["uniform", "past"] = "uniform"
    """What pulls: the uniform policy, or a past one that follows the learner."""
    magnet_rate: float = 0.05
    """How far the past magnet's weights go towards the learner's at each update."""
    divergence: Literal["reverse", "forward"] = "reverse"
    """`reverse` is KL(new, old), as in the theory; `forward` is KL(old, new), as in PPO's penalty."""
    clip: float | None = None
    """PPO's clip on top, for large games; the divergence alone by default."""
    value_coefficient: float = 0.5
    """The weight of the value loss."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "eta", "clip")
        not_negative(self, "alpha", "value_coefficient")
        if self.decay_from < 1:
            raise ValueError(f"decay_from must be at least 1, not {self.decay_from}")
        if not 0 <= self.magnet_rate <= 1:
            raise ValueError(f"magnet_rate must be between 0 and 1, not {self.magnet_rate}")

    def coefficients(self, progress: float) -> dict[str, float]:
        """Learning rate, alpha and eta."""
        fall = 1.0 if self.decay == "none" else min(self.decay_from, max(progress, 1e-9) ** -0.5)
        return {**super().coefficients(progress), "alpha": self.alpha * fall, "eta": self.eta * fall}


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
