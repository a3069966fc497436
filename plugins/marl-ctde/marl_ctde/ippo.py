"""IPPO: MAPPO whose critic sees no more than each agent does: nothing is centralised but what is earned.

So it is what MAPPO is to be compared with. (`rllib/ppo` is PPO of agents that each learn what they earn themselves.)

Source: de Witt et al., "Is independent learning all you need in the StarCraft multi-agent challenge?", 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor

from marl.training.learner import Tensors
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import FreshTeam
from marl_ctde.clipped import ClippedLearner
from marl_ctde.params import IPPOParams


class IPPOLearner(ClippedLearner):
    """A value for each agent, by what it sees and its place in the team."""

    hyper: IPPOParams

    def looks_at(self, team: str, batch: Tensors) -> Tensor:
        """`[E, T + 1, n, F]`, zero where an agent has no turn, but for its place."""
        seen = self.seen(team)
        place = torch.eye(seen.shape[2], device=seen.device).expand(*seen.shape[:3], -1)
        return torch.cat([seen, place], 3)

    def size(self, shape: TeamShape) -> int:
        """F."""
        return shape.seen + shape.agents


class IPPO(FreshTeam):
    """See `IPPOParams`."""

    parameters = IPPOParams
    learner = IPPOLearner
