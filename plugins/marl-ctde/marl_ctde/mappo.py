"""MAPPO: PPO for each agent, with advantages of a critic that sees the true state.

Source: Yu et al., "The surprising effectiveness of PPO in cooperative multi-agent games", NeurIPS 2022: a centralised
value function, value normalisation, clipping of policies and values, few minibatches, no turns of agents that died.
"""

from __future__ import annotations

from torch import Tensor

from marl.training.learner import Tensors
from marl.training.team_choice import TeamShape
from marl_ctde.algorithm import CentralCritic
from marl_ctde.clipped import ClippedLearner
from marl_ctde.params import MAPPOParams


class MAPPOLearner(ClippedLearner):
    """One value of the state for the whole team."""

    hyper: MAPPOParams

    def looks_at(self, team: str, batch: Tensors) -> Tensor:
        """The true state, or what all agents of the team see, side by side: `[E, T + 1, 1, F]`."""
        state: Tensor = batch["state"]
        return state[:, :, None]

    def size(self, shape: TeamShape) -> int:
        """F."""
        return shape.state


class MAPPO(CentralCritic):
    """See `MAPPOParams`."""

    parameters = MAPPOParams
    learner = MAPPOLearner
