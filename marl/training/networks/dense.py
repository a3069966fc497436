"""Dense layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "silu": F.silu}


class Dense(nn.Linear):
    """A linear layer and its activation (None for none): `[B, inputs] -> [B, outputs]`. Orthogonal at the start."""

    def __init__(self, inputs: int, outputs: int, activation: str | None = None, gain: float = 2**0.5) -> None:
        super().__init__(inputs, outputs)
        self.activation = activation
        nn.init.orthogonal_(self.weight, gain)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = F.linear(x, self.weight, self.bias)
        return x if self.activation is None else ACTIVATIONS[self.activation](x)


def mlp(inputs: int, hidden: Sequence[int], activation: str) -> nn.Sequential:
    """Dense layers of the given widths, each with its activation; an empty list gives the identity."""
    sizes = [inputs, *hidden]
    return nn.Sequential(*(Dense(sizes[i], sizes[i + 1], activation) for i in range(len(hidden))))
