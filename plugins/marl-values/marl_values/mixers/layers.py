"""Networks from what is known of a place to what a mixer needs of it."""

from __future__ import annotations

from torch import nn


def dense(inputs: int, hidden: int, outputs: int, layers: int = 1) -> nn.Module:
    """`layers` hidden layers of this width, with rectified units; linear where the width is 0."""
    if not hidden:
        return nn.Linear(inputs, outputs)
    parts: list[nn.Module] = []
    for width in [inputs, *[hidden] * (layers - 1)]:
        parts += [nn.Linear(width, hidden), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(hidden, outputs))
