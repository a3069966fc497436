"""Networks that perceive each task by layers of its own, and decide by layers that all tasks share.

What is seen of `multitask/several` says which view it is; anything else is one task with one front. So what was learned
of several tasks is the back of a network for another one: `start_from: RUN` with `start_parts`. Source: Wang et al.,
"Multi-task multi-agent shared layers are universal cognition of multi-agent coordination", 2023 (front-end perception
layers of each task, back-end decision layers of all).
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from marl.space import Discrete, Space, Tree
from marl.training.model import ModelConfig
from marl.training.networks.bodies import Body
from marl.training.networks.dense import ACTIVATIONS, Dense, uniform
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl.training.networks.recurrent import Recurrent
from marl_multitask.joined import VIEW
from marl_multitask.params import SharedParams

_ONLY = "only"  # what the front of a task is called that is alone


class Layers(nn.Module):
    """Dense layers, each with its activation: `[B, inputs] -> [B, size]`."""

    def __init__(self, inputs: int, widths: list[int], params: SharedParams) -> None:
        super().__init__()
        self.inputs = inputs
        self.layers = nn.ModuleList(Dense(before, after) for before, after in pairwise([inputs, *widths]))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths if params.normed)
        self._activation = ACTIVATIONS[params.activation]
        if params.normed:
            uniform(self.layers)  # orthogonal layers are larger: steps of one size turn them less

    def forward(self, x: Tensor) -> Tensor:
        """`float32[B, inputs] -> float32[B, size]`."""
        for at, layer in enumerate(self.layers):
            x = layer(x)
            x = self._activation(self.norms[at](x) if self.norms else x)
        return x


class Front(nn.Module):
    """By what one view is perceived: a tree of `[B, ...]` -> `[B, size]`. `told`: numbers beside it, `[B, told]`."""

    def __init__(self, seen: Space, told: int, params: SharedParams) -> None:
        super().__init__()
        self.flat = Encoder(seen, ModelConfig(hidden=[]))
        self.layers = Layers(self.flat.size + told, params.front, params)

    def forward(self, seen: TensorTree, told: Tensor) -> Tensor:
        """`float32[B, size]`."""
        return cast(Tensor, self.layers(torch.cat([self.flat(seen), told], 1)))


class SharedEncoder(nn.Module):
    """A front for each view, and one back. `size`: how many numbers it gives for a row."""

    def __init__(self, observation: Space, params: SharedParams) -> None:
        super().__init__()
        fields = observation.fields if isinstance(observation, Tree) else {}
        self._told = set(fields) == {"agent", "observation"}  # a model with `identity`
        told = cast(Discrete, fields["agent"]).n if self._told else 0
        seen = fields["observation"] if self._told else observation
        known = seen.fields if isinstance(seen, Tree) and VIEW in seen.fields else {_ONLY: seen}
        self._agents, self._views = told, [name for name in known if name != VIEW]
        self._alone = VIEW not in known
        self.fronts = nn.ModuleDict({name: Front(known[name], told, params) for name in self._views})
        self.back = Layers(params.front[-1], params.back, params)
        self.size = params.back[-1]

    def forward(self, observation: TensorTree) -> Tensor:
        """A tree of `[B, ...]` -> `[B, size]`."""
        told, seen = (observation["agent"], observation["observation"]) if self._told else (None, observation)
        view = None if self._alone else seen[VIEW]
        if view is None:
            return cast(Tensor, self.back(self.fronts[_ONLY](seen, self._agent(told, _first(seen)))))
        x = self._zeros(len(view), self.back.inputs)
        for number, name in enumerate(self._views):
            rows = (view == number).nonzero()[:, 0]
            if len(rows):
                mine = _rows(seen[name], rows)
                about = self._agent(None if told is None else told[rows], rows)
                x = x.index_copy(0, rows, self.fronts[name](mine, about))
        return cast(Tensor, self.back(x))

    def _agent(self, told: Tensor | None, like: Tensor) -> Tensor:
        """Which agent it is, one-hot `[B, told]`; no columns where the network is not told."""
        if told is None:
            return self._zeros(len(like), 0)
        return nn.functional.one_hot(told.long(), self._agents).float()

    def _zeros(self, rows: int, columns: int) -> Tensor:
        return torch.zeros((rows, columns), device=next(self.back.parameters()).device)


def shared(observation: Space, params: SharedParams) -> Body:
    """See `SharedParams`."""
    encoder = SharedEncoder(observation, params)
    return Body(encoder, Recurrent(encoder.size, params.memory, "gru") if params.memory else None)


def _rows(seen: TensorTree, rows: Tensor) -> TensorTree:
    return {name: _rows(leaf, rows) for name, leaf in seen.items()} if isinstance(seen, dict) else seen[rows]


def _first(seen: TensorTree) -> Tensor:
    while isinstance(seen, dict):
        seen = next(iter(seen.values()))
    return cast(Tensor, seen)
