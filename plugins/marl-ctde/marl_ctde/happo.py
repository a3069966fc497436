"""HAPPO: MAPPO whose agents are updated one after the other, each knowing how those before it have changed.

What an update is to improve for agent `i_m` are the team's advantages, times how much more likely now is what the
agents before it did: `M = (pi_new / pi_old) of i_1, ..., i_(m-1) * A`. The order is new in every update, and the critic
comes last. Source: Kuba et al., "Trust region policy optimisation in multi-agent reinforcement learning", ICLR 2022,
equations 10 (M) and 11 (the clipped objective).
"""

from __future__ import annotations

import torch
from torch import Tensor

from marl.training.learner import Stats, Tensors, permutation
from marl_ctde.algorithm import CentralCritic
from marl_ctde.clipped import own_turns
from marl_ctde.mappo import MAPPOLearner
from marl_ctde.params import HAPPOParams

CRITIC = "the critic"


class HAPPOLearner(MAPPOLearner):
    """A stage for each agent, and one for the critic."""

    hyper: HAPPOParams

    def stages(self, module_id: str) -> tuple[str, ...]:
        """The modules of the team in an order that follows from the seed of the fit; one agent has one of them."""
        modules = self.teams[module_id].modules
        order = permutation(len(modules), self._seed, self._number(module_id), len(modules)).tolist()
        return (*(modules[place] for place in order), CRITIC)

    def learning(self, team: str) -> tuple[str, ...]:
        """That of the stage alone."""
        return {"": self.members(team), CRITIC: ()}.get(self.stage, (self.stage,))

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """MAPPO's, and `factor` `[E, T, 1]`: by how much more likely the team's actions are by now."""
        made = super().prepare(module_id, columns)
        return {**made, "factor": torch.ones_like(made["advantage"])}

    def staged(self, module_id: str, columns: Tensors) -> Tensors:
        """The factor, with the agent that has just been updated."""
        if self.stage == CRITIC:
            return {}
        batch = self.joint(module_id, columns)
        with torch.no_grad():
            now = self.policies(module_id).logp(self.inputs_of(module_id, {})[:, :-1], batch["action"])
        changed = ((now - batch["before"]) * self.turns(module_id, batch)).sum(2, keepdim=True)
        return {"factor": columns["factor"] * changed.exp()}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The clipped objective of one agent, or the error of the critic."""
        if self.stage == CRITIC:
            value_loss = self.value_loss(module_id, batch)
            return value_loss, {"value_loss": value_loss.detach()}
        return self.policy_loss(module_id, batch, inputs, batch["advantage"] * batch["factor"])

    def turns(self, team: str, batch: Tensors) -> Tensor:
        """Those of the agent of this stage."""
        modules = self.teams[team].modules
        mine = [self.stage in ("", module) for module in modules]
        return own_turns(batch) & torch.tensor(mine, device=batch["acts"].device)


class HAPPO(CentralCritic):
    """See `HAPPOParams`."""

    parameters = HAPPOParams
    learner = HAPPOLearner
