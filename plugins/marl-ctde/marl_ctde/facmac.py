"""FACMAC: the critic is mixed monotonically from utilities of each agent's own action; all policies improve together.

Source: Peng et al., "FACMAC: Factored multi-agent centralised policy gradients", NeurIPS 2021: the factored critic
(with the mixer of QMIX), and the centralised gradient, in which the actions of all agents are those of their policies.
"""

from __future__ import annotations

from torch import Tensor, nn

from marl.training.learner import Tensors
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import ReplayTeam
from marl_ctde.critics import FactoredCritic
from marl_ctde.joint import CRITIC, DeterministicLearner
from marl_ctde.params import FACMACParams


class FACMACLearner(DeterministicLearner):
    """All agents' actions anew."""

    hyper: FACMACParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `FactoredCritic`."""
        hyper = self.hyper
        return {CRITIC: FactoredCritic(shape, hyper.critic, hyper.model.activation, hyper.mixer, hyper.hypernetwork)}

    def worse(self, team: str, batch: Tensors, relaxed: Tensor, played: Tensor) -> Tensor:
        """The mean over steps of what the critic says."""
        return -self.valued(team, batch, relaxed, weights="frozen").amin(0)[batch["valid"]].mean()


class FACMAC(ReplayTeam):
    """See `FACMACParams`."""

    parameters = FACMACParams
    learner = FACMACLearner
