"""Several learners as one: what is summed and averaged over those that share out the rows of every minibatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from marl.training.experience import edges


class DataParallel:
    """The group that a learner is in. One that is alone has none."""

    @property
    def size(self) -> int:
        """How many learners there are."""
        return torch.distributed.get_world_size()

    @property
    def rank(self) -> int:
        """Which of them this one is."""
        return torch.distributed.get_rank()

    def summed(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all learners."""
        values = values.clone()
        torch.distributed.all_reduce(values)
        return values

    def weights_by_rows(self, tensors: Mapping[str, Any], order: torch.Tensor, minibatches: int) -> torch.Tensor:
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
        for parameter in (parameter for module in modules for parameter in module.parameters()):
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.size
