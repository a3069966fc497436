"""What MADDPG, FACMAC and MASAC have in common: a critic of joint actions, learned from a replay of whole matches.

Policies follow the critic's gradient through their actions: real ones directly, choices by straight-through
Gumbel-softmax. What differs are the critic, which actions it is shown, and what follows.
"""

from __future__ import annotations

import abc

import torch
from torch import Tensor

from marl.space import Box, Discrete
from marl.training.learner import Stats, Tensors
from marl.training.returns import of_team, returns
from marl.training.team import TeamLearner
from marl_ctde.clipped import mean, own_turns
from marl_ctde.params import JointParams
from marl_ctde.policies import TeamPolicies, require

CRITIC = "critic"


class JointLearner(TeamLearner):
    """Base of these learners: name the critic (`make_team_critics`), what follows, and what policies make greater.

    The critic is called with the state `[..., F]`, what each agent sees `[..., n, O]`, actions as numbers
    `[..., n, A]`, and who acts `[..., n]`, and gives `[c, ...]`, of which the least counts.
    """

    hyper: JointParams

    def build(self) -> None:
        """See `TeamLearner`. Raises UserError for actions that are neither choices nor real."""
        super().build()
        require(type(self).__name__.removesuffix("Learner"), [self.network(one) for one in self.names], Discrete, Box)

    @abc.abstractmethod
    def ahead(self, team: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """What the next step of each is worth, `[E, T]`. `inputs`: `[E, T + 1, n, A]`, without gradient."""

    @abc.abstractmethod
    def policy_loss(self, team: str, batch: Tensors, inputs: Tensor, played: Tensor) -> tuple[Tensor, Stats]:
        """Of steps 0 to T - 1. `inputs`: of them, `[E, T, n, A]`. `played`: what was done, as numbers."""

    def policies(self, team: str) -> TeamPolicies:
        """Those of a team."""
        return TeamPolicies([self.network(name) for name in self.teams[team].modules])

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The critic's mean squared error over steps, and that of the policies; neither gradient reaches the other."""
        valid = batch["valid"]
        played = self.policies(module_id).played(batch["action"], inputs.shape[3]) * batch["acts"][:, :-1, :, None]
        with torch.no_grad():
            follows = self.ahead(module_id, batch, inputs.detach())
            target = returns(of_team(batch["reward"], batch["discount"], follows, valid))
        known = self.valued(module_id, batch, played)
        critic_loss = (known - target)[:, valid].square().mean(1).sum()
        policy_loss, told = self.policy_loss(module_id, batch, inputs[:, :-1], played)
        said = {"critic_loss": critic_loss.detach(), "q": known.detach()[:, valid].mean()}
        return critic_loss + policy_loss, {**said, "policy_loss": policy_loss.detach(), **told}

    def valued(self, team: str, batch: Tensors, actions: Tensor, later: bool = False, weights: str = "") -> Tensor:
        """What the critic says of actions at steps 0 to T - 1, or of those one `later`. See `TeamLearner.asked`."""
        part = slice(1, None) if later else slice(0, -1)
        about = batch["state"][:, part], self.seen(team)[:, part], actions, batch["acts"][:, part]
        return self.asked(team, CRITIC, *about, target=weights == "target", frozen=weights == "frozen")

    def stepped(self, module_id: str) -> None:
        """The target critic follows."""
        self.follow_mixer(module_id, self.hyper.target_rate, CRITIC)


class DeterministicLearner(JointLearner):
    """Policies without chance: their own networks' targets say what follows.

    Without anything that keeps choices apart, softmaxes would soon be sure of themselves and nothing more would be
    tried; so the squares of what networks say cost a little, as in the authors' own code of MADDPG.
    """

    def ahead(self, team: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """The target critic's value of what the target policies would do."""
        later = self.policies(team).settled(self.target_inputs(team)[:, 1:]) * batch["acts"][:, 1:, :, None]
        return self.valued(team, batch, later, later=True, weights="target").amin(0)

    def policy_loss(self, team: str, batch: Tensors, inputs: Tensor, played: Tensor) -> tuple[Tensor, Stats]:
        """Less what the critic says of the policies' actions, and what their inputs cost."""
        turns = own_turns(batch)
        relaxed = self.policies(team).relaxed(inputs, self.normal(*inputs.shape)) * turns[..., None]
        size = inputs.masked_fill(inputs < _ILLEGAL, 0.0).square().mean(3)
        return self.worse(team, batch, relaxed, played) + self.hyper.decay * mean(size, turns), {}

    @abc.abstractmethod
    def worse(self, team: str, batch: Tensors, relaxed: Tensor, played: Tensor) -> Tensor:
        """Less what the critic says of what policies would do (`relaxed`) or what was done."""

    def stepped(self, module_id: str) -> None:
        """The targets of the critic and of the policies follow."""
        super().stepped(module_id)
        for name in self.members(module_id):
            self.follow(name, self.hyper.target_rate)


_ILLEGAL = -1e8  # what masks forbid is at -1e9
