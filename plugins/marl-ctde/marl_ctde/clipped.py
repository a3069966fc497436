"""PPO's clipped objective for a team: what MAPPO, IPPO and HAPPO have in common.

Advantages are estimated once an update, from whole matches, by a critic whose inputs differ from algorithm to
algorithm; what the team earns together is learned from. Sources: Schulman et al., "Proximal policy optimization
algorithms", 2017 (the clipped objective); Schulman et al., "High-dimensional continuous control using generalized
advantage estimation", ICLR 2016; Yu et al., "The surprising effectiveness of PPO in cooperative multi-agent games",
NeurIPS 2022 (clipped values, in normalised units).
"""

from __future__ import annotations

import abc

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.learner import Stats, Tensors
from marl.training.returns import Steps, returns
from marl.training.team import TeamLearner
from marl.training.team_choice import TeamShape
from marl_ctde.critics import StateCritic
from marl_ctde.params import ClippedParams
from marl_ctde.policies import TeamPolicies

_CRITIC = "critic"


class ClippedLearner(TeamLearner):
    """Base of learners with a clipped objective: say what the critic looks at.

    A match may have been begun by older weights than those that ended it. What the clip is about are those of now, and
    steps of older ones count by how likely now is what was done then, at most 1 (as `rllib/ppo` with `staleness`).
    """

    hyper: ClippedParams

    @abc.abstractmethod
    def looks_at(self, team: str, batch: Tensors) -> Tensor:
        """What the critic sees, `[E, T + 1, m, F]`: once for all agents (m is 1), or for each of them (m is n)."""

    @abc.abstractmethod
    def size(self, shape: TeamShape) -> int:
        """F."""

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """The critic. It has a memory where the model has one of ours."""
        model = self.hyper.model
        memory = model.memory if model.recurrent else 0
        return {_CRITIC: StateCritic(self.size(shape), self.hyper.critic, model.activation, memory)}

    def critic(self, team: str) -> StateCritic:
        """That of a team."""
        critic = self.mixer(team, _CRITIC)
        assert isinstance(critic, StateCritic)
        return critic

    def policies(self, team: str) -> TeamPolicies:
        """Those of a team."""
        return TeamPolicies([self.network(name) for name in self.teams[team].modules])

    def values(self, team: str, batch: Tensors) -> Tensor:
        """What the critic says, in its own units, `[E, T + 1, m]`."""
        seen = self.looks_at(team, batch)
        said = self.critic(team)(seen.transpose(1, 2).flatten(0, 1))
        return said.unflatten(0, (len(seen), seen.shape[2])).transpose(1, 2)

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`before` `[E, T, n]`: log-probabilities before this fit; `weight` `[E, T, n]`: what a turn counts; and, all
        `[E, T, m]`: `known`, values before this fit, `target`, what they should be, and normalised `advantage`s."""
        batch = self.joint(module_id, columns)
        with torch.no_grad():
            before = self.policies(module_id).logp(self.inputs_of(module_id, {})[:, :-1], batch["action"])
            value = self.critic(module_id).scale.rewards(self.values(module_id, batch))
            target = self.looked_ahead(batch, value)
            where = counted(batch, value)
            if self.hyper.normalise_values:
                self._rescale(module_id, target[where])
            advantage = torch.zeros_like(target)
            advantage[where] = self.normalised((target - value[:, :-1])[where])
            scale = self.critic(module_id).scale
            weight = (before - batch["logp"]).exp().clamp(max=1.0)
            return {
                "before": before,
                "weight": weight,
                "known": scale.units(value[:, :-1]),
                "target": scale.units(target),
                "advantage": advantage,
            }

    def looked_ahead(self, batch: Tensors, value: Tensor) -> Tensor:
        """Lambda-returns `[E, T, m]` by values `[E, T + 1, m]`, both in units of rewards.

        Where each agent has values of its own, what follows a turn is the agent's next own one.
        """
        following = value[:, 1:].transpose(1, 2)  # [E, m, T]
        alone = value.shape[2] == batch["acts"].shape[2] > 1
        known = batch["acts"][:, 1:].transpose(1, 2) if alone else torch.ones_like(following, dtype=torch.bool)
        on = F.pad(batch["valid"], (0, 1))[:, None, 1:].expand_as(following)
        reward, discount = (batch[key][:, None].expand_as(following) for key in ("reward", "discount"))
        following = following * known
        return returns(Steps(reward, discount, following, known, on), trace=self.hyper.trace).transpose(1, 2)

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The clipped objective and an entropy bonus, means over own turns, and the error of the critic."""
        policy_loss, told = self.policy_loss(module_id, batch, inputs, batch["advantage"])
        value_loss = self.value_loss(module_id, batch)
        return policy_loss + value_loss, {**told, "value_loss": value_loss.detach()}

    def policy_loss(self, team: str, batch: Tensors, inputs: Tensor, advantage: Tensor) -> tuple[Tensor, Stats]:
        """Of all agents together. `advantage`: `[E, T, m]`."""
        policies, clip, turns = self.policies(team), self.hyper.clip, self.turns(team, batch)
        advantage = advantage * batch["weight"]
        log_ratio = (policies.logp(inputs[:, :-1], batch["action"]) - batch["before"]) * turns
        ratio = log_ratio.exp()
        objective = mean(torch.min(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage), turns)
        entropy = mean(policies.entropy(inputs[:, :-1]), turns)
        return -objective - self.coefficients["entropy_weight"] * entropy, {
            "policy_loss": -objective.detach(),
            "entropy": entropy.detach(),
            "kl": mean((ratio - 1 - log_ratio).detach(), turns),
            "clip_fraction": mean(((ratio - 1).abs() > clip).float(), turns),
        }

    def turns(self, team: str, batch: Tensors) -> Tensor:
        """Which turns the objective is about, `bool[E, T, n]`: all, unless another learner says less."""
        return own_turns(batch)

    def value_loss(self, team: str, batch: Tensors) -> Tensor:
        """Half of the mean squared error, clipped; in units of the critic's scale."""
        value, clip = self.values(team, batch)[:, :-1], self.hyper.value_clip
        error = (value - batch["target"]).square()
        if clip is not None:
            near = batch["known"] + (value - batch["known"]).clamp(-clip, clip)
            error = torch.max(error, (near - batch["target"]).square())
        return 0.5 * mean(error, counted(batch, error))

    def _rescale(self, team: str, target: Tensor) -> None:
        """Take targets `[K]` into account in the critic's scale, the same in all learners of a group."""
        moments = [self.mean_over_learners(power.mean()) for power in (target, target.square())]
        self.critic(team).absorb(*moments)


def counted(batch: Tensors, like: Tensor) -> Tensor:
    """Which values count, `bool[E, T, m]`: at all steps, or, where each agent has its own, at its own turns."""
    if like.shape[2] == 1:
        return batch["valid"][..., None]
    return own_turns(batch)


def own_turns(batch: Tensors) -> Tensor:
    """Who had a turn at which step, `bool[E, T, n]`."""
    acts: Tensor = batch["acts"]
    return acts[:, :-1] & batch["valid"][..., None]


def mean(values: Tensor, where: Tensor) -> Tensor:
    """The mean of values at places `where`, both of one shape; 0 where there are none."""
    return (values * where).sum() / where.sum().clamp(min=1)
