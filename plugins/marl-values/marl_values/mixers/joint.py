"""Values of joint actions without a limit: what a team's agents cannot act by, but what learning can go by.

Sources: the unrestricted mixer of Rashid et al., "Weighted QMIX", NeurIPS 2020, section 5; the joint and the state's
value of Son et al., "QTRAN", ICML 2019, section 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.training.team_choice import Choice, TeamShape
from marl_values.mixers.layers import dense


class Unrestricted(nn.Module):
    """From the state and the agents' values, of networks of their own, to any value. `hidden`: of 3 layers."""

    def __init__(self, shape: TeamShape, hidden: int = 64) -> None:
        super().__init__()
        self.network = dense(shape.state + shape.agents, hidden, 1, layers=3)

    def forward(self, choice: Choice) -> Tensor:
        """`[...]`."""
        value: Tensor = self.network(torch.cat([choice.state, choice.values], -1)).squeeze(-1)
        return value


class JointAction(nn.Module):
    """From the state and what all chose, one-hot, to a value. `hidden`: the width of 2 layers."""

    def __init__(self, shape: TeamShape, hidden: int = 64) -> None:
        super().__init__()
        self.network = dense(shape.state + shape.agents * shape.actions, hidden, 1, layers=2)

    def forward(self, choice: Choice) -> Tensor:
        """`[...]`."""
        value: Tensor = self.network(torch.cat([choice.state, choice.chosen.flatten(-2)], -1)).squeeze(-1)
        return value


class StateValue(nn.Module):
    """From the state alone to a value. `hidden`: the width of 2 layers."""

    def __init__(self, shape: TeamShape, hidden: int = 64) -> None:
        super().__init__()
        self.network = dense(shape.state, hidden, 1, layers=2)

    def forward(self, choice: Choice) -> Tensor:
        """`[...]`."""
        value: Tensor = self.network(choice.state).squeeze(-1)
        return value
