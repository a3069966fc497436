"""MADDPG: each agent's policy follows the gradient of a critic that knows what all others did.

As all agents of a team earn the same, there is one critic, where the paper has one for each agent. Source: Lowe et al.,
"Multi-agent actor-critic for mixed cooperative-competitive environments", NeurIPS 2017: equations 5 (an agent's
gradient: its own action anew, those of the others as in the replay) and 6 (the critic's loss).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.training.learner import Tensors
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import ReplayTeam
from marl_ctde.clipped import mean, own_turns
from marl_ctde.critics import JointCritic
from marl_ctde.joint import CRITIC, DeterministicLearner
from marl_ctde.params import MADDPGParams


class MADDPGLearner(DeterministicLearner):
    """One agent's action anew at a time."""

    hyper: MADDPGParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `JointCritic`."""
        return {CRITIC: JointCritic(shape, self.hyper.critic, self.hyper.model.activation)}

    def worse(self, team: str, batch: Tensors, relaxed: Tensor, played: Tensor) -> Tensor:
        """The mean over own turns of what the critic says of them."""
        agents = played.shape[2]
        own = torch.eye(agents, dtype=torch.bool, device=played.device)[..., None]
        actions = torch.where(own, relaxed[:, :, None], played[:, :, None])  # [E, T, n, n, A]
        state = batch["state"][:, :, None].expand(-1, -1, agents, -1)
        value = self.valued(team, {**batch, "state": state}, actions, weights="frozen").amin(0)
        return -mean(value, own_turns(batch))


class MADDPG(ReplayTeam):
    """See `MADDPGParams`."""

    parameters = MADDPGParams
    learner = MADDPGLearner
