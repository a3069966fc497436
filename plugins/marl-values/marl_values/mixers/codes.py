"""Sub-goals out of what was seen: prototypes of true states, which an auto-encoder of one choice learns.

A state is encoded as the nearest prototype and decoded as that prototype; what is learned is the error in between. The
first ones are states that lie far apart. A prototype that hardly any state is nearest to stands for nothing (any more):
the state that is represented worst takes its place, so sub-goals follow where a team gets to.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

_RARE = 0.05  # of an equal share of the states: how few there are for a prototype that is given up
_RATE = 0.02  # how fast shares follow


class Codes(nn.Module):
    """G prototypes of states of F numbers."""

    def __init__(self, count: int, state: int) -> None:
        super().__init__()
        self.prototypes = nn.Parameter(torch.zeros(count, state))
        self.register_buffer("share", torch.zeros(count))  # of states, by prototype; all 0: nothing was seen yet

    def forward(self, state: Tensor) -> Tensor:
        """How far states `[..., F]` are from each prototype, squared: `[..., G]`."""
        return (state[..., None, :] - self.prototypes).square().sum(-1)

    @torch.no_grad()
    def follow(self, states: Tensor) -> None:
        """Take K states `[K, F]` into account, before anything is learned of them."""
        share, count = cast(Tensor, self.share), len(self.prototypes)
        if not share.any():
            self._begin(states)
        distance = self(states)
        share.lerp_(torch.nn.functional.one_hot(distance.argmin(1), count).float().mean(0), _RATE)
        worst = distance.amin(1)
        for index in (share < _RARE / count).nonzero()[:, 0].tolist():
            if worst.max() <= 0:
                return
            self.prototypes[index] = states[worst.argmax()]
            worst = torch.minimum(worst, (states - self.prototypes[index]).square().sum(1))
            share[index] = 1 / count

    def _begin(self, states: Tensor) -> None:
        """The state farthest from those that are there already, one after the other."""
        self.prototypes[:] = states[0]
        for index in range(1, len(self.prototypes)):
            self.prototypes[index] = states[self(states).amin(1).argmax()]
        cast(Tensor, self.share).fill_(1 / len(self.prototypes))
