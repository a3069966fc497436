"""Self-play by regression: how much more probable one action becomes than another is fitted to how much more it won.

Mirror descent makes every action more probable, in the logarithm, by eta times what it is worth. Between two rows what
is the same for all actions of a state falls out, so a step is a regression on pairs of rows:

    d  =  (log(policy / before)(first) - log(policy / before)(second)) / eta     and     w  =  A(first) - A(second)

with A what an action won more than its state is worth. REBEL fits d to w by squares. Direct Nash Optimisation takes
both for logits of the probability that the first is preferred, and fits one to the other by their cross-entropy. Where
A is a win rate against the policy itself, as in self-play for wins and losses, nothing needs to be transitive.

`before` is the policy that played, mixed geometrically with a reference as in Nash-MD: with `tau: 0` it is that policy,
as in both papers, and then averages converge but the last policy does not.

Sources: Gao et al., "REBEL: reinforcement learning via regressing relative rewards", NeurIPS 2024; Rosset et al.,
"Direct Nash optimization", arXiv:2404.03715, 2024, which has mixed policies in its appendix; Munos et al., "Nash
learning from human feedback", ICML 2024.
"""

from __future__ import annotations

import abc

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from marl.algorithm import Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.space import Discrete, MultiDiscrete
from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import Stats, Tensors
from marl_nash.params import RegressionParams
from marl_nash.reference import ReferenceLearner


class RegressionLearner(ReferenceLearner):
    """Implement `miss`. Rows of a minibatch are paired with those half of it later, in an order that is random."""

    hyper: RegressionParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`before`: the logarithm of the action's probability where the step begins, `[K]`."""
        share = self.hyper.eta * self.hyper.tau
        mixed = (1.0 - share) * self.inputs(module_id, columns) + share * self.reference(module_id, columns)
        return {"before": self.distribution(module_id).logp(mixed, columns["action"])}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`."""
        distribution = self.distribution(module_id)
        moved = (distribution.logp(inputs, batch["action"]) - batch["before"]) / self.hyper.eta
        half = max(1, len(moved) // 2)
        relative, worth = (column - column.roll(half) for column in (moved, batch["advantage"]))
        policy_loss, value_loss = self.miss(relative, worth), self.value_loss(value, batch["target"])
        weight = self.hyper.eta  # a step of the size of a policy gradient's
        return weight * policy_loss + value_loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": distribution.entropy(inputs).mean().detach(),
        }

    @abc.abstractmethod
    def miss(self, relative: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
        """How far `relative[K]` is from `worth[K]`: a scalar."""


class REBELLearner(RegressionLearner):
    """By squares."""

    def miss(self, relative: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
        """A quarter of the mean square, which has the gradient of half of it for either of the two rows."""
        return 0.25 * (relative - worth).square().mean()


class DNOLearner(RegressionLearner):
    """By cross-entropy."""

    def miss(self, relative: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
        """The cross-entropy of preferences, twice, since it is a quarter as steep as squares are."""
        return 2.0 * binary_cross_entropy_with_logits(relative, torch.sigmoid(worth))


class Regression(RLlibAlgorithm):
    """See `RegressionParams`."""

    parameters = RegressionParams

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """See `RLlibAlgorithm`; policies are mixed by their logits, so actions must be choices."""
        super().check_job(job, spec)
        for group in spec.groups:
            if not isinstance(group.action, Discrete | MultiDiscrete):
                raise UserError(f"{job.algorithm} mixes policies of choices, and the actions here are {group.action}")

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`."""
        self.check_job(job, services.spec)
        return super().train(job, services)


class REBEL(Regression):
    """Regression of relative rewards."""

    learner = REBELLearner


class DNO(Regression):
    """Direct Nash Optimisation."""

    learner = DNOLearner
