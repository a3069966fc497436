"""COMA: each agent learns by how much better its action was than what it does on average, all else being equal.

The critic values all actions of an agent at once, given the state, what the agent sees, and what all others do; its
targets are lambda-returns (of its target network). It is fitted first, then policies make one pass. Source: Foerster et
al., "Counterfactual multi-agent policy gradients", AAAI 2018: equations 4 (the advantage) and 5 (the gradient), figure
1c (the critic, here without the team's last actions), and the bounded softmax of section 5.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.space import Discrete
from marl.training.learner import Stats, Tensors
from marl.training.returns import Steps, returns
from marl.training.team import TeamLearner
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import CentralCritic
from marl_ctde.bounded import BoundedSoftmax, bounded
from marl_ctde.clipped import mean, own_turns
from marl_ctde.critics import CounterfactualCritic
from marl_ctde.params import COMAParams
from marl_ctde.policies import gumbel, require

_CRITIC, _POLICIES = "critic", "policies"


class COMALearner(TeamLearner):
    """Two stages: the critic, then the policies."""

    hyper: COMAParams

    def build(self) -> None:
        """See `TeamLearner`. Raises UserError for actions that are no choices."""
        super().build()
        require("COMA", [self.network(name) for name in self.names], Discrete)

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `CounterfactualCritic`."""
        return {_CRITIC: CounterfactualCritic(shape, self.hyper.critic, self.hyper.model.activation)}

    def stages(self, module_id: str) -> tuple[str, ...]:
        """See above."""
        return _CRITIC, _POLICIES

    def learning(self, team: str) -> tuple[str, ...]:
        """The critic needs no policies."""
        return () if self.stage == _CRITIC else self.members(team)

    def enough(self, module_id: str, stats: Mapping[str, float]) -> bool:
        """Policies make one pass: after it, what was played is no longer what they do."""
        return self.stage == _POLICIES

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`chosen` `[E, T, n, A]`: actions as choices, zero of who has no turn; `target` `[E, T, n]`: of the critic."""
        batch = self.joint(module_id, columns)
        with torch.no_grad():
            inputs = self.inputs_of(module_id, {})
            drawn = (inputs + gumbel(self.normal(*inputs.shape))).argmax(3)  # matters where a match was cut short
            there = F.pad(batch["valid"], (0, 1))[..., None]
            action = torch.where(there, F.pad(batch["action"], (0, 0, 0, 1)).long(), drawn)
            chosen = F.one_hot(action, inputs.shape[3]).float() * batch["acts"][..., None]
            known = (self.valued(module_id, batch["state"], chosen, target=True) * chosen).sum(3)
        following, acts = (column[:, 1:].transpose(1, 2) for column in (known, batch["acts"]))
        on = F.pad(batch["valid"], (0, 1))[:, None, 1:].expand_as(acts)
        reward, discount = (batch[key][:, None].expand_as(following) for key in ("reward", "discount"))
        target = returns(Steps(reward, discount, following, acts, on), trace=self.hyper.trace)
        return {"chosen": chosen[:, :-1], "target": target.transpose(1, 2)}

    def staged(self, module_id: str, columns: Tensors) -> Tensors:
        """`advantage` `[E, T, n]`: by the critic as it is now, times what a turn that older weights played counts."""
        if self.stage == _POLICIES:
            return {}
        self.stage = _POLICIES  # all networks are asked
        batch = self.joint(module_id, columns)
        with torch.no_grad():
            chances = bounded(self.inputs_of(module_id, {})[:, :-1], self.coefficients["epsilon"])
            values = self.valued(module_id, batch["state"][:, :-1], batch["chosen"])
            before = taken(chances, batch["action"]).log()
            weight = (before - batch["logp"]).exp().clamp(max=1.0)
            return {"advantage": counterfactual(values, chances, batch["action"]) * weight}

    def valued(self, team: str, state: Tensor, chosen: Tensor, target: bool = False) -> Tensor:
        """What the critic says of every action of each agent, given what the others chose, `[E, ., n, A]`."""
        seen = self.seen(team)[:, : state.shape[1]]
        return self.asked(team, _CRITIC, state, seen, chosen, target=target)

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """Means over own turns: the squared error of the critic; or the policy gradient and an entropy bonus."""
        turns = own_turns(batch)
        if self.stage == _CRITIC:
            values = self.valued(module_id, batch["state"][:, :-1], batch["chosen"])
            error = taken(values, batch["action"]) - batch["target"]
            critic_loss = mean(error.square(), turns)
            return critic_loss, {"critic_loss": critic_loss.detach(), "q": mean(batch["target"], turns)}
        chances = bounded(inputs[:, :-1], self.coefficients["epsilon"])
        logs = chances.clamp(min=1e-9).log()
        policy_loss = -mean(taken(logs, batch["action"]) * batch["advantage"], turns)
        entropy = mean(-(chances * logs).sum(3), turns)
        loss = policy_loss - self.coefficients["entropy_weight"] * entropy
        return loss, {"policy_loss": policy_loss.detach(), "entropy": entropy.detach()}

    def stepped(self, module_id: str) -> None:
        """The target critic follows."""
        if self.stage == _CRITIC:
            self.follow_mixer(module_id, self.hyper.target_rate, _CRITIC)


def taken(values: Tensor, action: Tensor) -> Tensor:
    """Those of the chosen actions, `[..., n, A]`, `[..., n] -> [..., n]`."""
    return values.gather(-1, action.long()[..., None])[..., 0]


def counterfactual(values: Tensor, chances: Tensor, action: Tensor) -> Tensor:
    """How much better an action is than what the agent does on average (equation 4): its mean over actions is 0.

    `values`, `chances`: `[..., n, A]`, given what the others chose.
    """
    return taken(values, action) - (chances * values).sum(-1)


class COMA(CentralCritic):
    """See `COMAParams`."""

    parameters = COMAParams
    learner = COMALearner
    behaviour = BoundedSoftmax
