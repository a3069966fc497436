"""Proximal policy optimisation: several epochs on the same rows, held close to the policy that played them.

Source: Schulman et al., "Proximal policy optimization algorithms", 2017; details as in Huang et al., "The 37
implementation details of proximal policy optimization", 2022.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl_rllib.params import PPOParams


class PPOLearner(ColumnLearner):
    """The clipped objective, a value loss and an entropy bonus.

    With `staleness`, the policy that an update must stay close to is not the one that played: it is that of now. So the
    clip is about the latter, and rows count by how likely the latter is to do what the former did, at most 1. (With one
    ratio for both, a policy could go from the one that played only as far in two updates as else in one.)

    Sources: Hilton et al., "Batch size-invariance for policy optimization", NeurIPS 2022, equation 3 (the decoupled
    objective); Espeholt et al., "IMPALA", ICML 2018 (truncation).
    """

    hyper: PPOParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """For rows that another policy played: `before`, the log-probability of the action before this fit, `[K]`, and
        `weight`, what the row counts, `[K]`."""
        if not self.hyper.staleness:
            return {}
        before = self.distribution(module_id).logp(self.inputs(module_id, columns), columns["action"])
        return {"before": before, "weight": (before - columns["logp"]).exp().clamp(max=1.0)}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`."""
        hyper, distribution = self.hyper, self.distribution(module_id)
        before, advantage = batch.get("before", batch["logp"]), batch["advantage"]
        advantage = self.normalised(advantage) if hyper.normalise else advantage
        if "weight" in batch:
            advantage = advantage * batch["weight"]
        log_ratio = distribution.logp(inputs, batch["action"]) - before
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - hyper.clip, 1 + hyper.clip)
        policy_loss = -torch.min(ratio * advantage, clipped * advantage).mean()
        value_loss = _value_loss(value, batch, hyper.value_clip)
        entropy = distribution.entropy(inputs).mean()
        loss = policy_loss + hyper.value_coefficient * value_loss - self.coefficients["entropy_weight"] * entropy
        kl = (ratio - 1 - log_ratio).mean()  # an unbiased estimate that is never negative: Schulman's k3
        if hyper.kl_target is not None:
            loss = loss + self.memo.get(module_id, {}).get("kl", _KL) * kl
        return loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": entropy.detach(),
            "kl": kl.detach(),
            "clip_fraction": ((ratio - 1).abs() > hyper.clip).float().mean(),
        }

    def enough(self, module_id: str, stats: Mapping[str, float]) -> bool:
        """Beyond `kl_stop`."""
        return self.hyper.kl_stop is not None and stats["kl"] > self.hyper.kl_stop

    def fitted(self, module_id: str, stats: Mapping[str, float]) -> None:
        """Strengthen or weaken the penalty, as in section 4 of the paper."""
        if self.hyper.kl_target is None:
            return
        weight = self.memo.get(module_id, {}).get("kl", _KL)
        if stats["kl"] > 1.5 * self.hyper.kl_target:
            weight *= 2.0
        elif stats["kl"] < self.hyper.kl_target / 1.5:
            weight *= 0.5
        self.memo[module_id] = {"kl": weight}


class PPO(RLlibAlgorithm):
    """See `PPOParams`."""

    learner = PPOLearner
    parameters = PPOParams


_KL = 0.2  # the penalty's first weight


def _value_loss(value: torch.Tensor, batch: Tensors, clip: float | None) -> torch.Tensor:
    error = (value - batch["target"]).square()
    if clip is not None:
        near = batch["value"] + (value - batch["value"]).clamp(-clip, clip)
        error = torch.max(error, (near - batch["target"]).square())
    return 0.5 * error.mean()
