"""Regularised Nash dynamics with networks, as in DeepNash: self-play of a game whose rewards hold on to a reference.

Who plays action a where the reference plays with probability rho(a) pays eta * log(pi(a) / rho(a)), which the other
side earns. In the game so changed the dynamics converge; the policy that was reached becomes the next reference.

Values are fitted to returns of the changed game (V-trace; rows are learned from by the policy that played them, so its
ratios are 1). NeuRD then pushes logits, not probabilities: every action by

    value - eta * log(pi / rho)(a)  +  [a was played] / pi(a) * (what followed - value)

less the mean of that over the policy, unless its logit is further than `threshold` from the mean of all and would be
pushed away. What DeepNash has besides is left out: targets that follow the network slowly, a reference that blends into
the next one, and the clean-up of small probabilities after training.

Sources: Perolat et al., "Mastering the game of Stratego with model-free multiagent reinforcement learning", Science 378
(2022); OpenSpiel's `rnad.py` was read for V-trace where sides take turns; Hennes et al., "Neural replicator dynamics",
AAMAS 2020. The same on tables, exactly: `tabular/rnad`.
"""

from __future__ import annotations

import torch

from marl.algorithm import Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.space import Discrete
from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import Stats, Tensors
from marl.training.making import compute
from marl_nash.params import RNaDParams
from marl_nash.reference import ReferenceLearner
from marl_nash.whole import WholeMatches, regularised

LEGAL = -1e8  # illegal actions have logits below it


class RNaDLearner(ReferenceLearner):
    """NeuRD on the changed game, and values of it."""

    hyper: RNaDParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`push` `[K, A]`: what each logit is pushed by. `goal` `[K]`: what values are fitted to."""
        hyper = self.hyper
        logp = torch.log_softmax(self.inputs(module_id, columns), 1)
        ratio = logp - torch.log_softmax(self.reference(module_id, columns), 1)
        policy = logp.exp()
        paid = hyper.eta * (policy * ratio).sum(1)
        names = ("match", "agent", "tick", "reward")
        place = [columns[name].cpu().numpy() for name in names]
        after = columns["after"] / float(self.network(module_id).value_scale)
        numbers = [column.double().cpu().numpy() for column in (paid, columns["value"], after)]
        came, goal = (
            torch.from_numpy(part).to(logp) for part in regularised(*place, *numbers, hyper.trace, hyper.discount)
        )
        worth = columns["value"][:, None] - hyper.eta * ratio
        action = columns["action"].long()[:, None]
        surprise = (came - columns["value"]) / columns["logp"].exp()
        worth = worth.scatter_add(1, action, surprise[:, None])
        push = (worth - (policy * worth).sum(1, keepdim=True)).clamp(-hyper.force, hyper.force)
        return {"push": push, "goal": goal}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`; `push` is `[K, A]`."""
        legal, push = inputs > LEGAL, batch["push"]
        logits = torch.where(legal, inputs, 0.0)
        logits = logits - logits.sum(1, keepdim=True) / legal.sum(1, keepdim=True)
        far = torch.where(push > 0, logits >= self.hyper.threshold, logits <= -self.hyper.threshold).detach()
        policy_loss = -(logits * push * (legal & ~far)).sum(1).mean()
        value_loss = self.value_loss(value, batch["goal"])
        return policy_loss + value_loss, {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": self.distribution(module_id).entropy(inputs).mean().detach(),
        }


class RNaD(RLlibAlgorithm):
    """See `RNaDParams`."""

    learner = RNaDLearner
    parameters = RNaDParams
    experience = WholeMatches

    def __init__(self, params: RNaDParams | None = None) -> None:
        super().__init__(params)
        if self.hyper.sharing != "all" or self.hyper.staleness:
            raise UserError(
                "nash/rnad sees what all sides did in a match, as they were when they played it: leave `sharing: all` "
                "and `staleness: 0`"
            )

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """See `RLlibAlgorithm`; two sides of one agent each, of one group, with choices."""
        super().check_job(job, spec)
        if [len(side) for side in spec.sides] != [1, 1] or len(spec.groups) != 1:
            raise UserError(
                f"{job.algorithm} is for two sides of one agent each, who see and do alike (one group), and here the "
                f"sides are {spec.sides} and the groups {[group.name for group in spec.groups]}"
            )
        if not isinstance(spec.groups[0].action, Discrete):
            raise UserError(
                f"{job.algorithm} pushes logits of choices, and the actions here are {spec.groups[0].action}"
            )

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. Raises UserError where rows would be shared out among learners."""
        self.check_job(job, services.spec)
        if compute(services).learners > 1:
            raise UserError(f"{job.algorithm} needs whole matches in one learner: leave out compute.learners")
        return super().train(job, services)
