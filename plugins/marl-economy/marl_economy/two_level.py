"""PPO for two levels: followers learn from the start, a leader later, with more entropy and a rate of its own.

At first the leader's rates are nearly random, so followers learn how to answer all of them; then the leader learns
while its entropy bonus falls, and both adapt to each other. A leader that acts once a year learns from few rows, too.

Source: Zheng et al., "The AI Economist", Science Advances 8, 2022 (two phases, and a high entropy bonus of the planner
that falls), as the configuration of its second phase in ai-economist has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from marl.algorithm import Services, Trained
from marl.errors import UserError, suggestion
from marl.job import Job
from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import Stats, Tensors
from marl_economy.params import TwoLevelParams
from marl_rllib.ppo import PPOLearner


class TwoLevelLearner(PPOLearner):
    """PPO's objective, with the leader's learning rate and entropy bonus."""

    hyper: TwoLevelParams

    def leads(self, module_id: str) -> bool:
        """Whether a network is the leader's, whatever `sharing` is: "planner", "side0.planner"."""
        return module_id.split(".")[-1] == self.hyper.leader

    def _begin(self, seed: int, coefficients: Mapping[str, float]) -> None:
        super()._begin(seed, coefficients)
        for name in self.names:
            if self.leads(name):
                for _, optimiser in self.get_optimizers_for_module(name):
                    self._set_optimizer_lr(optimiser, coefficients["leader_lr"])

    def loss(self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor) -> tuple[Any, Stats]:
        """See `PPOLearner`."""
        if not self.leads(module_id):
            return super().loss(module_id, batch, inputs, value)
        everybody = self.coefficients
        self.coefficients = {**everybody, "entropy_weight": everybody["leader_entropy_weight"]}
        try:
            return super().loss(module_id, batch, inputs, value)
        finally:
            self.coefficients = everybody


class TwoLevelPPO(RLlibAlgorithm):
    """See `TwoLevelParams`."""

    learner = TwoLevelLearner
    parameters = TwoLevelParams
    hyper: TwoLevelParams

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. Raises UserError where no group leads."""
        known = [group.name for group in services.spec.groups]
        if self.hyper.leader not in known and self.hyper.sharing != "none":
            raise UserError(f"leader: no group is called {self.hyper.leader!r}{suggestion(self.hyper.leader, known)}")
        return super().train(job, services)
