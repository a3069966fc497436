"""What the learners here share: a reference, which is an earlier policy of the same network."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import torch

from marl.training.learner import ColumnLearner, Tensors
from marl_nash.params import ReferenceHyper


class ReferenceLearner(ColumnLearner, abc.ABC):
    """A learner with a reference (in `past`), which becomes the policy after every `reference_every` updates."""

    hyper: ReferenceHyper

    def reference(self, module_id: str, columns: Tensors) -> torch.Tensor:
        """The inputs of the reference's action distribution, `[K, D]`."""
        inputs: torch.Tensor = self.inputs(module_id, columns, self.target(module_id))
        return inputs

    def fitted(self, module_id: str, stats: Mapping[str, float]) -> None:
        """Count updates, and let the reference follow."""
        updates = self.memo.get(module_id, {}).get("updates", 0.0) + 1.0
        self.memo[module_id] = {"updates": updates}
        if self.hyper.reference_every and updates % self.hyper.reference_every == 0:
            self.follow(module_id, 1.0)

    def value_loss(self, value: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Half the mean square of the error, weighted."""
        return self.hyper.value_coefficient * 0.5 * (value - target).square().mean()
