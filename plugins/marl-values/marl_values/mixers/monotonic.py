"""The mixer of QMIX: one value of a team from the values of its agents, which can only rise when one of these does.

Source: Rashid et al., "QMIX: Monotonic value function factorisation for deep multi-agent reinforcement learning", ICML
2018, section 4.1 and figure 2.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.team_choice import Choice, TeamShape
from marl_values.mixers.layers import dense


class Monotonic(nn.Module):
    """A network of one hidden layer over the agents' values, whose weights a hypernetwork makes from the true state.

    Weights are absolute values, so what is best for each agent by its own value is best for the team. `width`: of the
    hidden layer. `hidden`: of the hypernetworks, or 0 where these are linear, as in the paper.
    """

    def __init__(self, shape: TeamShape, width: int = 32, hidden: int = 64) -> None:
        super().__init__()
        self.agents, self.width = shape.agents, width
        self.first = dense(shape.state, hidden, self.agents * width)
        self.first_bias = nn.Linear(shape.state, width)
        self.second = dense(shape.state, hidden, width)
        self.second_bias = dense(shape.state, width, 1)

    def forward(self, choice: Choice) -> Tensor:
        """`[...]`."""
        values, state = choice.values, choice.state
        first = self.first(state).abs().unflatten(-1, (self.agents, self.width))
        hidden = F.elu((values[..., None, :] @ first).squeeze(-2) + self.first_bias(state))
        mixed: Tensor = (hidden * self.second(state).abs()).sum(-1) + self.second_bias(state).squeeze(-1)
        return mixed
