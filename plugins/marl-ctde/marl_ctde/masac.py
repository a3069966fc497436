"""MASAC: soft actor-critic for a team, with twin critics of the joint action and one temperature.

What a team's step is worth is what it earns and the entropy of all its policies. Sources: Haarnoja et al., "Soft
actor-critic algorithms and applications", arXiv:1812.05905 (2018); the critic of joint actions is that of Lowe et al.,
"Multi-agent actor-critic for mixed cooperative-competitive environments", NeurIPS 2017. Choices are drawn by
straight-through Gumbel-softmax, and their entropies are exact.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from marl.training.learner import Stats, Tensors
from marl.training.networks.critic import Temperature
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import ReplayTeam
from marl_ctde.clipped import mean, own_turns
from marl_ctde.critics import JointCritic
from marl_ctde.joint import CRITIC, JointLearner
from marl_ctde.params import MASACParams

_TEMPERATURE = "temperature"


class MASACLearner(JointLearner):
    """The losses of critics, policies and temperature in one; no gradient of one reaches another."""

    hyper: MASACParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """Twin critics (see `JointCritic`), and a temperature."""
        critics = JointCritic(shape, self.hyper.critic, self.hyper.model.activation, count=2)
        return {CRITIC: critics, _TEMPERATURE: Temperature(self.hyper.temperature)}

    def log(self, team: str) -> Tensor:
        """The logarithm of a team's temperature, `[1]`."""
        return cast(Temperature, self.mixer(team, _TEMPERATURE)).log

    def ahead(self, team: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """The lesser of the target critics' values of what policies would do, and what their entropy is worth."""
        later, acts = inputs[:, 1:], batch["acts"][:, 1:]
        actions, entropy = self.policies(team).drawn(later, self.normal(*later.shape))
        value = self.valued(team, batch, actions * acts[..., None], later=True, weights="target").amin(0)
        return value + self.log(team).exp() * (entropy * acts).sum(2)

    def policy_loss(self, team: str, batch: Tensors, inputs: Tensor, played: Tensor) -> tuple[Tensor, Stats]:
        """Less the lesser value and what entropy is worth; and the temperature's own."""
        valid, turns, log = batch["valid"], own_turns(batch), self.log(team)
        actions, entropy = self.policies(team).drawn(inputs, self.normal(*inputs.shape))
        worth = self.valued(team, batch, actions * turns[..., None], weights="frozen").amin(0)
        policy_loss = -(worth + log.exp().detach() * (entropy * turns).sum(2))[valid].mean()
        wanted = self.policies(team).wanted(inputs, self.hyper.entropy_share, self.hyper.entropy_real)
        temperature_loss = (log * mean(entropy.detach() - wanted, turns)).sum()
        told = {"entropy": mean(entropy.detach(), turns), "temperature": log.detach().exp()[0]}
        return policy_loss + temperature_loss, told


class MASAC(ReplayTeam):
    """See `MASACParams`."""

    parameters = MASACParams
    learner = MASACLearner
