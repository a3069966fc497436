"""Dense layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.training.networks.fused import fits, fused, fused_gradient, rounded

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "silu": F.silu}


class Dense(nn.Linear):
    """A linear layer, orthogonal at the start: `[B, inputs] -> [B, outputs]`."""

    def __init__(self, inputs: int, outputs: int, gain: float = 2**0.5) -> None:
        super().__init__(inputs, outputs)
        nn.init.orthogonal_(self.weight, gain)
        nn.init.zeros_(self.bias)


def uniform(part: nn.Module | None) -> None:
    """Start the layers of a network anew, uniform and with biases (see `Heads.start`). None has none."""
    for layer in part.modules() if part is not None else ():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            layer.reset_parameters()


class MLP(nn.Module):
    """Dense layers of the given widths, each with its activation: `[B, inputs] -> [B, size]`. None is the identity."""

    def __init__(self, inputs: int, hidden: Sequence[int], activation: str) -> None:
        super().__init__()
        widths = [inputs, *hidden]
        self.layers = nn.ModuleList(Dense(widths[i], widths[i + 1]) for i in range(len(hidden)))
        self.size, self._activation = widths[-1], activation

    def forward(self, x: Tensor) -> Tensor:
        """`float32[..., D] -> float32[..., H]`."""
        learns, rows = torch.is_grad_enabled(), len(x)
        layers = cast(Iterable[Dense], self.layers)
        if not self.layers or not fits(x, next(iter(layers)).weight) or (learns and self._activation == "silu"):
            for layer in layers:
                x = ACTIVATIONS[self._activation](layer(x))
            return x
        x, run = (x, fused_gradient) if learns else (rounded(x), fused)
        for layer in layers:
            x = run(x, layer.weight, layer.bias, self._activation)
        return x[:rows]
