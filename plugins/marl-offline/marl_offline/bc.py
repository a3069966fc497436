"""Behaviour cloning: a policy that does what was done, as often as it was done.

Source: Pomerleau, "ALVINN: An autonomous land vehicle in a neural network", NeurIPS 1988.
"""

from __future__ import annotations

import torch

from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads
from marl_offline.algorithm import Offline
from marl_offline.params import BCParams


class BCLearner(ColumnLearner):
    """The mean negative log-likelihood of what was done."""

    hyper: BCParams

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`."""
        distribution = self.distribution(module_id)
        loss = -distribution.logp(inputs, batch["action"]).mean()
        return loss, {"entropy": distribution.entropy(inputs).detach().mean()}


class BC(Offline):
    """See `BCParams`."""

    parameters = BCParams
    learner = BCLearner
    heads = Heads(value=False)
