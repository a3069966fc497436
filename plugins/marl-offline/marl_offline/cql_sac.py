"""Conservative Q-learning on soft actor-critic, for real actions (and discrete ones).

To both critics' errors it adds `conservatism` times how far the values of all actions lie above those of what was done:
`logsumexp_a Q(s, a) - Q(s, a of the data)`. Over real actions the sum is an integral, which is estimated from `samples`
uniform actions and as many of the policy's, each divided by its density.

Source: Kumar et al., "Conservative Q-learning for offline reinforcement learning", NeurIPS 2020 (CQL(H)).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from marl import tree
from marl.training.learner import Stats, Tensors
from marl.training.networks import Heads
from marl.training.networks.distributions import Squashed
from marl_offline.algorithm import Offline
from marl_offline.params import CQLSACParams
from marl_rllib.sac import SACLearner


class CQLSACLearner(SACLearner):
    """The losses of soft actor-critic, and what is too optimistic besides."""

    hyper: CQLSACParams  # type: ignore[assignment]

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """All columns `[K]`."""
        loss, stats = super().loss(module_id, batch, inputs, value)
        optimism = (self._anything(module_id, batch, inputs.detach()) - self._valued(module_id, batch)).mean()
        return loss + 2 * self.hyper.conservatism * optimism, {**stats, "optimism": optimism.detach()}

    def _anything(self, module_id: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """The log of the sum of the exponentials of both critics' values over all actions, `[2, K]`."""
        critics, distribution = self.critics[module_id]["critics"], self.distribution(module_id)
        if not isinstance(distribution, Squashed):
            legal: Tensor = critics(batch["observation"]).masked_fill(inputs <= _ILLEGAL, _ILLEGAL)
            return legal.logsumexp(2)
        count, rows, size = self.hyper.samples, len(inputs), distribution.size
        observation = tree.map_tree(lambda leaf: leaf.repeat(count, *[1] * (leaf.dim() - 1)), batch["observation"])
        anywhere = torch.erf(self.normal(count * rows, size) / math.sqrt(2))  # uniform between the bounds
        drawn, logp = distribution.draw(inputs.repeat(count, 1), self.normal(count * rows, size))
        above = [
            critics(observation, anywhere) + size * math.log(2),
            critics(observation, drawn) - logp,
        ]
        said = torch.cat([one.unflatten(1, (count, rows)) for one in above], 1)
        return said.logsumexp(1) - math.log(2 * count)


class CQLSAC(Offline):
    """See `CQLSACParams`."""

    parameters = CQLSACParams
    learner = CQLSACLearner
    heads = Heads("squashed", value=False)


_ILLEGAL = -1e8  # what masks forbid is at -1e9
