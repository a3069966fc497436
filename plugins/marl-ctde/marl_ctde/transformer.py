"""A transformer over the agents of a team: the team model of MAT.

The encoder attends from what each agent sees to what all others see. The decoder attends from there to what agents
before it have chosen, one after the other in the order of the team. Source: Wen et al., "Multi-agent reinforcement
learning is a sequence modeling problem", NeurIPS 2022 (figure 2); layers are in the order of the authors' own code.
Agents are told apart by their place. One that has no turn is attended to by nobody, and has chosen nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.errors import UserError
from marl.registry.ranges import at_least
from marl.training.networks.dense import Dense
from marl.training.networks.team_model import TeamSize


@dataclass(kw_only=True)
class TransformerParams:
    """Parameters of `ctde/transformer`."""

    blocks: int = 1
    """Of the encoder, and of the decoder."""
    attention_heads: int = 1
    """Of each attention."""

    def __post_init__(self) -> None:
        at_least(self, 1, "blocks", "attention_heads")


class Transformer(nn.Module):
    """See `TeamModel`. It remembers nothing. What it makes of what all see are the encoder's `[B, n, F]`."""

    memory_size = 0

    def __init__(self, size: TeamSize, features: int, params: TransformerParams) -> None:
        super().__init__()
        heads = params.attention_heads
        if features % heads:
            raise UserError(
                f"attention_heads: {features} features (model.hidden) cannot be split among {heads} of them"
            )
        self.agents = size.agents
        self.place = nn.Parameter(torch.zeros(size.agents, features))
        nn.init.normal_(self.place, std=0.02)
        self.chosen = nn.Linear(size.actions, features, bias=False)
        self.begin = nn.Parameter(torch.zeros(features))
        nn.init.normal_(self.begin, std=0.02)
        self.before = nn.ModuleList(nn.LayerNorm(features) for _ in range(2))
        self.encoder = nn.ModuleList(_Encoding(features, heads) for _ in range(params.blocks))
        self.decoder = nn.ModuleList(_Decoding(features, heads) for _ in range(params.blocks))
        earlier = torch.ones(size.agents, size.agents, dtype=torch.bool).tril()
        self.register_buffer("earlier", earlier, persistent=False)

    def look(self, features: Tensor, acts: Tensor, memory: Tensor | None) -> tuple[Tensor, None]:
        """The encoder's."""
        own = torch.eye(self.agents, dtype=torch.bool, device=acts.device)
        sees = acts[:, None, :] | own  # whoever acts, and oneself, so that no softmax is over nothing
        x = self.before[0](features + self.place)
        for block in self.encoder:
            x = block(x, sees)
        return x, None

    def stages(self, looked: Tensor, acts: Tensor) -> Tensor:
        """One after the other."""
        return torch.arange(self.agents, device=acts.device).expand(acts.shape)

    def decide(self, looked: Tensor, chosen: Tensor) -> Tensor:
        """The decoder's: of each agent, given what those before it have chosen."""
        shifted = torch.cat([self.begin.expand(len(chosen), 1, -1), self.chosen(chosen[:, :-1])], 1)
        x = self.before[1](shifted + self.place)
        for block in self.decoder:
            x = block(x, looked, self.earlier)
        decided: Tensor = x
        return decided


class _Attention(nn.Module):
    """Several heads. `forward(query, known, sees)`: `[B, n, F]`, `[B, n, F]`, `bool[B, n, n]` or `bool[n, n]`."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (Dense(features, features, gain=0.01) for _ in range(3))
        self.out = Dense(features, features, gain=0.01)

    def forward(self, query: Tensor, known: Tensor, sees: Tensor) -> Tensor:
        """See above."""
        q, k, v = (
            layer(x.flatten(0, 1)).reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)
            for layer, x in ((self.query, query), (self.key, known), (self.value, known))
        )
        mask = sees if sees.dim() == 2 else sees[:, None]
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)
        said: Tensor = self.out(x.flatten(2).flatten(0, 1))
        return said.reshape(query.shape)


class _Encoding(nn.Module):
    """A block of the encoder."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.attention = _Attention(features, heads)
        self.first, self.second = nn.LayerNorm(features), nn.LayerNorm(features)
        self.dense = _perceptron(features)

    def forward(self, x: Tensor, sees: Tensor) -> Tensor:
        """`[B, n, F]`."""
        x = self.first(x + self.attention(x, x, sees))
        result: Tensor = self.second(x + self.dense(x))
        return result


class _Decoding(nn.Module):
    """A block of the decoder."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.own, self.across = _Attention(features, heads), _Attention(features, heads)
        self.first, self.second, self.third = (nn.LayerNorm(features) for _ in range(3))
        self.dense = _perceptron(features)

    def forward(self, x: Tensor, seen: Tensor, earlier: Tensor) -> Tensor:
        """`[B, n, F]`: what was chosen (`x`) before each agent, for what it sees (`seen`)."""
        x = self.first(x + self.own(x, x, earlier))
        x = self.second(seen + self.across(seen, x, earlier))
        result: Tensor = self.third(x + self.dense(x))
        return result


def _perceptron(features: int) -> nn.Sequential:
    layers = nn.Linear(features, features), nn.GELU(), nn.Linear(features, features)
    nn.init.orthogonal_(layers[0].weight, 2**0.5)
    nn.init.orthogonal_(layers[2].weight, 0.01)
    for layer in (layers[0], layers[2]):
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)
