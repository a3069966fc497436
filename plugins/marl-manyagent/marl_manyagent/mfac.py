"""Mean-field actor-critic: a policy, and a critic that values actions given the mean of what the neighbours do.

The critic learns as in mean-field Q-learning, with the policy itself in place of the Boltzmann policy; the policy
follows the gradient of `log pi(a | s) * (Q(s, a, m) - sum over a' of pi(a' | s) Q(s, a', m))`, whose last term changes
nothing but its variance. The mean actions `m` are those of the same tick. What the policy itself sees of the mean
action of the tick before is up to its network: nothing with `model: {kind: manyagent/independent}`.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.algorithm import Services, Trained
from marl.job import Job
from marl.training.algorithm import RLlibAlgorithm
from marl.training.experience.transitions import Transitions
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads, Network
from marl.training.networks.critic import Critics
from marl_manyagent.neighbours import MEAN, check_shown, with_mean
from marl_manyagent.params import MFACParams


class MFACLearner(ColumnLearner):
    """The policy gradient, the critic's squared error and an entropy bonus."""

    hyper: MFACParams

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """One critic."""
        return {"critic": Critics(network, 1)}

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """What the critic sees: observations with the mean action of the same tick."""
        return {"around": with_mean(columns["observation"], columns["next_observation"][MEAN])}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """All columns `[K]`; `inputs` `[K, A]` are logits."""
        critic, target_weights = self.critics[module_id]["critic"], self.target(module_id, "critic")
        following = {"observation": batch["next_observation"], "mask": batch.get("next_mask")}
        with torch.no_grad():
            policy = self.inputs(module_id, following).softmax(1)
            later = torch.func.functional_call(critic, target_weights, (following["observation"],))[0]
            target = batch["reward"] + batch["discount"] * (policy * later).sum(1)
        values = critic(batch["around"])[0]
        known = values.gather(1, batch["action"].long()[:, None])[:, 0]
        critic_loss = 0.5 * (known - target).square().mean()
        distribution = self.distribution(module_id)
        baseline = (inputs.softmax(1) * values).sum(1)
        advantage = (known - baseline).detach()
        policy_loss = -(distribution.logp(inputs, batch["action"]) * advantage).mean()
        entropy = distribution.entropy(inputs).mean()
        loss = policy_loss + self.hyper.critic_coefficient * critic_loss
        loss = loss - self.coefficients["entropy_weight"] * entropy
        return loss, {
            "policy_loss": policy_loss.detach(),
            "critic_loss": critic_loss.detach(),
            "entropy": entropy.detach(),
            "q": known.detach().mean(),
        }

    def stepped(self, module_id: str) -> None:
        """The target critic follows."""
        self.follow(module_id, self.hyper.target_rate, "critic")


class MFAC(RLlibAlgorithm):
    """See `MFACParams`."""

    parameters = MFACParams
    learner = MFACLearner
    experience = Transitions
    heads = Heads("logits", value=False)

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. Raises UserError where the environment shows no mean actions."""
        check_shown(services.spec, "manyagent/mfac")
        return super().train(job, services)
