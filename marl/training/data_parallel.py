"""Several learners as one: what is summed and averaged over those that share out the rows of every minibatch.

With one learner, nothing happens here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from marl.training.minibatches import Tensors, edges


@dataclass(frozen=True)
class DataParallel:
    """The group that a learner is in. `distributed`: whether there are others."""

    distributed: bool

    @property
    def size(self) -> int:
        """How many learners there are."""
        return torch.distributed.get_world_size() if self.distributed else 1

    @property
    def rank(self) -> int:
        """Which of them this one is."""
        return torch.distributed.get_rank() if self.distributed else 0

    def summed(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all learners."""
        if self.distributed:
            values = values.clone()
            torch.distributed.all_reduce(values)
        return values

    def weights_by_rows(self, tensors: Tensors, order: torch.Tensor, minibatches: int) -> torch.Tensor:
        """What this learner's means of each minibatch weigh, `[minibatches]`: its part of the rows, times the learners.

        RLlib's DDP takes the plain mean of all learners' gradients, but with sequences one may have three times the
        rows of another.
        """
        rows = tensors["valid"].sum(1) if "valid" in tensors else torch.ones_like(order)
        until = torch.nn.functional.pad(rows.index_select(0, order).cumsum(0), (1, 0))
        mine = until[edges(len(order), minibatches)].diff().double()
        return (mine * self.size / self.summed(mine)).float()

    def average_gradients(self, modules: Iterable[torch.nn.Module]) -> None:
        """What DDP does for networks: the mean of all learners' gradients (losses are weighted by rows already)."""
        every = [parameter for module in modules for parameter in module.parameters()] if self.distributed else []
        for parameter in every:
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.size
