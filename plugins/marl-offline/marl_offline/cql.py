"""Conservative Q-learning for choices: deep Q-learning that holds values of what was not done below those of what was.

`cql` adds to the squared error of Q-learning `conservatism` times `logsumexp_a Q(s, a) - Q(s, a of the data)`, which is
CQL(H). Where values of actions that were never tried are only extrapolated, the greatest of them is what Q-learning
would play; the term pushes it down, and the value of the policy that is played below what it really is.

Source: Kumar et al., "Conservative Q-learning for offline reinforcement learning", NeurIPS 2020.
"""

from __future__ import annotations

import torch

from marl.training.learner import Stats, Tensors
from marl.training.networks import Heads
from marl_offline.algorithm import Offline
from marl_offline.params import CQLParams
from marl_rllib.dqn import DQNLearner


class CQLLearner(DQNLearner):
    """The error of deep Q-learning, and what is too optimistic besides."""

    hyper: CQLParams  # type: ignore[assignment]

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`; `inputs` `[K, A]` are the values of the actions."""
        loss, stats = super().loss(module_id, batch, inputs, value)
        known = inputs.gather(1, batch["action"].long()[:, None])[:, 0]
        optimism = (inputs.logsumexp(1) - known).mean()
        return loss + self.hyper.conservatism * optimism, {**stats, "optimism": optimism.detach()}


class CQL(Offline):
    """See `CQLParams`."""

    parameters = CQLParams
    learner = CQLLearner

    @property
    def heads(self) -> Heads:  # type: ignore[override]
        """What its networks say."""
        return Heads("duelling" if self.hyper.duelling else "values", value=False, start="uniform")
