"""Implicit Q-learning: the values of the best of what was done, and a policy that clones that, never asked about more.

It is not independent Q-learning, which is called IQL too: that is `values/iql`. A state is worth an expectile (towards
1, the greatest) of what was done in it; values of actions follow from that, without a maximum over actions that nobody
tried; and what was better than expected is cloned more than the rest.

With `A = Q'(s, a) - V(s)`, Q' the lesser of two target critics: `V` minimises `|expectile - (A < 0)| A^2`, `Q`
`(r + discount V(s') - Q(s, a))^2`, and the policy maximises `min(exp(inverse_temperature A), most) log pi(a | s)`.

Source: Kostrikov, Nair and Levine, "Offline reinforcement learning with implicit Q-learning", ICLR 2022.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads, Network
from marl.training.networks.critic import Critics
from marl.training.networks.dense import Dense
from marl.training.networks.distributions import Squashed
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl_offline.algorithm import Offline
from marl_offline.params import IQLParams


class StateValue(nn.Module):
    """A network of the shape of the policy's that says one number of what is seen, `[K]`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._normaliser = (network.normaliser,)  # in a tuple, for it is the network's, and is saved once
        self.encoder = Encoder(network.observation, network.config)
        self.head = Dense(self.encoder.size, 1, gain=1.0)

    def forward(self, observation: TensorTree) -> Tensor:
        """See above."""
        normaliser = self._normaliser[0]
        seen = observation if normaliser is None else normaliser(observation)
        return cast(Tensor, self.head(self.encoder(seen)))[:, 0]


class IQLLearner(ColumnLearner):
    """The losses of values, critics and policy in one; no gradient of one reaches another."""

    hyper: IQLParams

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """Twin critics of what was done, and values of states."""
        return {"critics": Critics(network), "value": StateValue(network)}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """All columns `[K]`."""
        critics, worth = self.critics[module_id]["critics"], self.critics[module_id]["value"]
        with torch.no_grad():
            target = batch["reward"] + batch["discount"] * worth(batch["next_observation"])
            best = self._played(module_id, batch, self.target(module_id, "critics")).min(0).values
        here = worth(batch["observation"])
        advantage = best - here
        value_loss = expectile_loss(advantage, self.hyper.expectile).mean()
        known = self._played(module_id, batch, dict(critics.named_parameters()))
        critic_loss = 0.5 * (known - target).square().sum(0).mean()
        weight = (self.hyper.inverse_temperature * advantage.detach()).exp().clamp(max=self.hyper.most)
        policy_loss = -(weight * self.distribution(module_id).logp(inputs, batch["action"])).mean()
        return value_loss + critic_loss + policy_loss, {
            "value_loss": value_loss.detach(),
            "critic_loss": critic_loss.detach(),
            "policy_loss": policy_loss.detach(),
            "q": known.detach().mean(),
            "advantage": advantage.detach().mean(),
        }

    def stepped(self, module_id: str) -> None:
        """The target critics follow."""
        self.follow(module_id, self.hyper.target_rate, "critics")

    def _played(self, module_id: str, batch: Tensors, weights: dict[str, Tensor]) -> Tensor:
        """What both critics with these weights say of what was done, `[2, K]`."""
        critics, distribution = self.critics[module_id]["critics"], self.distribution(module_id)
        if isinstance(distribution, Squashed):
            about = (batch["observation"], distribution.units(batch["action"]))
            return cast(Tensor, torch.func.functional_call(critics, weights, about))
        said = torch.func.functional_call(critics, weights, (batch["observation"],))
        return cast(Tensor, said.gather(2, batch["action"].long()[None, :, None].expand(2, -1, -1))[..., 0])


def expectile_loss(error: Tensor, expectile: float) -> Tensor:
    """An asymmetric square, least where a value is that expectile of what it is to be: `error = target - value`."""
    return torch.where(error < 0, 1 - expectile, expectile) * error.square()


class IQL(Offline):
    """See `IQLParams`."""

    parameters = IQLParams
    learner = IQLLearner
    heads = Heads("squashed", value=False)
