"""A Bayesian network over what agents of a team choose: which of them goes by whom follows from what all see.

The graph is learned and directed, without cycles: agents stand in an order by a priority that follows from what each
sees, and an edge leads from one to a later one where what both see says so. Its gradient is that of the product of a
sigmoid of the edge and one of the difference of priorities (straight-through), so that an edge that is not there may
come into being. Edges are `left` to a share that the learner lowers: the weaker an edge, the sooner it goes, and what
it brings fades, until each agent goes by what it sees alone.

Sources: Chen and Zhang, "Context-aware Bayesian network actor-critic methods for cooperative multi-agent reinforcement
learning", ICML 2023 (such policies, context-aware graphs, fewer edges as training goes on); Charpentier et al.,
"Differentiable DAG sampling", ICLR 2022 (a graph as a permutation and edges). There the graph is drawn; here it is the
most probable one, so that what was played can be gone through again.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from marl.training.networks.dense import MLP, Dense
from marl.training.networks.team_model import TeamSize

_EDGE = 2.0  # the logit of a new edge: there are all of them at first
_MEDIAN = 0.5  # how probable an edge must be while all are left


class Graph(NamedTuple):
    """`features`: `[B, n, F]`. `edges`: `[B, n, n]`, 1 where one goes by what another chose (`edges[:, i, j]`: i by j),
    else 0. `soft`: how probable that is, of pairs that act; its gradient is theirs."""

    features: Tensor
    edges: Tensor
    soft: Tensor


class BayesianNetwork(nn.Module):
    """See `TeamModel`. It remembers nothing. `left`: the share of edges that is left, 1 to 0."""

    memory_size = 0
    left: Tensor

    def __init__(self, size: TeamSize, features: int) -> None:
        super().__init__()
        self.agents = n = size.agents
        self.register_buffer("left", torch.ones(()))
        self.priority = Dense(features + n, 1, gain=1.0)
        self.pairs = MLP(2 * (features + n), [features], "tanh")
        self.edge = Dense(features, 1, gain=0.1)
        nn.init.constant_(self.edge.bias, _EDGE)
        self.told = Dense(size.actions + n, features, gain=1.0)
        self.own = Dense(2 * features, features, gain=1.0)
        self.out = Dense(features, features, gain=1.0)

    def look(self, features: Tensor, acts: Tensor, memory: Tensor | None) -> tuple[Graph, None]:
        """The graph, by what all see."""
        n = self.agents
        place = torch.eye(n, device=features.device).expand(len(features), n, n)
        known = torch.cat([features, place], 2)
        rank = self.priority(known.flatten(0, 1)).reshape(-1, n)
        child, parent = known[:, :, None].expand(-1, n, n, -1), known[:, None].expand(-1, n, n, -1)
        pairs = self.pairs(torch.cat([child, parent], 3).flatten(0, 2))
        chance = torch.sigmoid(self.edge(pairs).reshape(-1, n, n))
        both = acts[:, :, None] & acts[:, None]
        soft = chance * torch.sigmoid(rank[:, None] - rank[:, :, None]) * both
        there = chance > 1 - (1 - _MEDIAN) * self.left
        edges = (there & self._earlier(rank) & both).float()
        return Graph(features, (edges + soft - soft.detach()) * self.left, soft), None

    def stages(self, looked: Graph, acts: Tensor) -> Tensor:
        """After all that it goes by: the length of the longest path that leads to each agent."""
        edges = (looked.edges > 0).long()
        depth = torch.zeros_like(acts, dtype=torch.int64)
        for _ in range(self.agents - 1):
            depth = (edges * (depth[:, None] + 1)).amax(2)
        return depth

    def decide(self, looked: Graph, chosen: Tensor) -> Tensor:
        """What each sees, and what those chose that it goes by."""
        n = self.agents
        place = torch.eye(n, device=chosen.device).expand(len(chosen), n, n)
        told = self.told(torch.cat([chosen, place], 2).flatten(0, 1)).reshape(*chosen.shape[:2], -1)
        heard = looked.edges @ told
        x = torch.tanh(self.own(torch.cat([looked.features, heard], 2).flatten(0, 1)))
        return looked.features + self.out(x).reshape(looked.features.shape)

    def _earlier(self, rank: Tensor) -> Tensor:
        """Whether j comes before i (`[:, i, j]`): of greater priority or, of equals, of a lower place."""
        place = torch.arange(self.agents, device=rank.device)
        mine, other = rank[:, :, None], rank[:, None]
        return (other > mine) | ((other == mine) & (place[None, :] < place[:, None]))
