"""The mixer of QPLEX: the values of the agents' best choices, and advantages with weights that look at what all chose.

Source: Wang et al., "QPLEX: Duplex dueling multi-agent Q-learning", ICLR 2021, section 3.1: the transformation
`w_i(s) Q_i + b_i(s)`, and the duelling mixture `sum_i V_i + sum_i lambda_i(s, a) A_i` with positive lambda that are
sums over heads of products of a key, an agent's and an action's part.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.team_choice import Choice, TeamShape
from marl_values.mixers.layers import dense

_LEAST = 1e-10  # of what must be positive
_FELT = 0.1  # of the gradient that weighed advantages have; with none, as in the paper's own code, values are stuck at
# the best sum of the non-monotonic matrix game, and with all of it the weights are followed too closely to turn over


class Duplex(nn.Module):
    """Advantages are never positive, and 0 for the best choice of an agent; so the best of all is the best of each.

    `heads`: how many products are added up. `hidden`: the width of the networks that make the weights.
    """

    def __init__(self, shape: TeamShape, heads: int = 4, hidden: int = 64) -> None:
        super().__init__()
        self.agents, self.heads = shape.agents, heads
        self.scale = dense(shape.state, hidden, shape.agents)
        self.bias = dense(shape.state, hidden, shape.agents)
        self.key = dense(shape.state, hidden, heads)
        self.who = dense(shape.state, hidden, heads * shape.agents)
        self.what = dense(shape.state + shape.agents * shape.actions, hidden, heads * shape.agents)

    def forward(self, choice: Choice) -> Tensor:
        """`[...]`."""
        state = choice.state
        scale = F.softplus(self.scale(state)) + _LEAST
        values = (scale * choice.values + self.bias(state)) * choice.acts
        advantage, weights = scale * (choice.values - choice.best), self.weights(choice)
        felt = _FELT * weights.detach() * (advantage - advantage.detach())  # 0, with a gradient into the agents
        mixed: Tensor = (values + (weights - 1) * advantage.detach() + felt).sum(-1)
        return mixed

    def weights(self, choice: Choice) -> Tensor:
        """What each agent's advantage counts, `[..., n]`, above 0."""
        state = choice.state
        both = torch.cat([state, choice.chosen.flatten(-2)], -1)
        key = self.key(state).abs() + _LEAST
        parts = (self.who(state).sigmoid() * self.what(both).sigmoid()).unflatten(-1, (self.heads, self.agents))
        weights: Tensor = (key[..., None] * parts).sum(-2)
        return weights
