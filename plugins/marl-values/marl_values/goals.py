"""Networks that act for sub-goals: they value these now and then, and which is chosen decides how actions are valued.

Two time scales: a sub-goal is chosen at an agent's first turn and again after every `every` turns, by the greatest of G
values, and kept in the memory in between. Values of actions are linear in the features, with weights of their own for
each sub-goal. So one pass gives the values of all actions for all sub-goals, which is what a learner needs.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.space import Space
from marl.training.model import ModelConfig
from marl.training.networks import Network
from marl.training.networks.bodies import Body
from marl.training.networks.dense import Dense
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl_values.params import GoalsParams

_SPREAD = 43758.5453  # turns near numbers into far ones


class GoalValues(NamedTuple):
    """`high`: `[B, G]`, what each sub-goal is worth. `likely`: `[B, G]`, logits of where a team is when it has lasted.
    `low`: `[B, G, A]`, how near each action brings each sub-goal."""

    high: Tensor
    likely: Tensor
    low: Tensor

    def best(self, share: float) -> Tensor:
        """The sub-goal of most value among those that are likely, `int64[B]`; see `allowed`."""
        return self.high.masked_fill(~allowed(self.likely, share), -torch.inf).argmax(-1)


class GoalCore(nn.Module):
    """Which sub-goal an agent acts for. Memory is `[B, 2]`: the sub-goal, and how many turns it has had.

    `size`: features, as often as there are sub-goals, all zero but those of the one that is acted for. While it learns
    (`training`), it takes any likely sub-goal at a share `wander` of the times, sooner one that was seldom reached.
    Which one is as good as drawn, from its features.
    """

    def __init__(self, inputs: int, params: GoalsParams) -> None:
        super().__init__()
        self.goals, self.every, self.wander = params.goals, params.every, params.wander
        self.size, self.memory_size = inputs * params.goals, 2
        self.share = params.share
        self.high, self.likely = (Dense(inputs, params.goals, gain=0.1) for _ in range(2))
        self.register_buffer("noise", torch.randn(inputs, 2))
        self.register_buffer("rare", torch.ones(params.goals))  # how seldom each sub-goal was reached: set by a learner
        self.register_buffer("restless", torch.ones(()))  # what share of `wander` is left: as well

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Some steps without a break: `[S, T, inputs], [S, 2] -> [S, T, size], [S, 2]`."""
        result = []
        for step in x.unbind(1):
            goal, turns = memory.unbind(1)
            goal = torch.where(turns == 0, self.choice(step).to(goal.dtype), goal)
            memory = torch.stack([goal, (turns + 1) % self.every], 1)
            result.append((F.one_hot(goal.long(), self.goals)[:, :, None] * step[:, None]).flatten(1))
        return torch.stack(result, 1), memory

    def unroll(self, x: Tensor, memory: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, but memory is cleared wherever `first[S, T]`."""
        parts = []
        for step in range(x.shape[1]):
            memory = memory.masked_fill(first[:, step, None], 0.0)
            part, memory = self(x[:, step : step + 1], memory)
            parts.append(part)
        return torch.cat(parts, 1), memory

    def choice(self, x: Tensor) -> Tensor:
        """The sub-goal that is chosen where features are `[S, inputs]`: `int64[S]`."""
        can = allowed(self.likely(x), self.share)
        best: Tensor = self.high(x).masked_fill(~can, -torch.inf).argmax(1)
        if not self.training or not self.wander:
            return best
        drawn = ((x @ cast(Tensor, self.noise)).sin() * _SPREAD) % 1.0
        chances = (can * cast(Tensor, self.rare)).cumsum(1)
        anything = (chances > drawn[:, 1:] * chances[:, -1:]).int().argmax(1)
        return torch.where(drawn[:, 0] < self.wander * cast(Tensor, self.restless), anything, best)


def allowed(likely: Tensor, share: float) -> Tensor:
    """Which sub-goals may be chosen, `bool[..., G]`: those at least this share as likely as the most likely one."""
    return likely - likely.amax(-1, keepdim=True) >= math.log(share)


class AllGoals(nn.Module):
    """What a network says of all sub-goals. It is a module so that it can be asked with other weights (`network.*`)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, observation: TensorTree, mask: Tensor) -> GoalValues:
        """A tree of `[B, ...]` and `bool[B, A]`; illegal actions are worth -1e9."""
        network, core = self.network, cast(GoalCore, self.network.recurrent)
        x = network.encoder(network.shown(observation))
        head = network.policy_head
        low = torch.einsum("bf,agf->bga", x, head.weight.reshape(len(head.bias), core.goals, -1)) + head.bias
        return GoalValues(core.high(x), core.likely(x), network.distribution.masked(low, mask[:, None]))


def goals(observation: Space, params: GoalsParams) -> Body:
    """See `GoalsParams`."""
    encoder = Encoder(observation, ModelConfig(hidden=params.hidden, activation=params.activation))
    return Body(encoder, GoalCore(encoder.size, params))
