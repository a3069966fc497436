"""Sub-goals out of what was seen: prototypes of true states, which an auto-encoder of one choice learns.

A state is encoded as the nearest prototype and decoded as that prototype; what is learned is the error in between. The
first ones are states that lie far apart. Numbers count by how much of their variance is within matches: what a team
cannot change, such as where things lie in a match, makes no sub-goal. A prototype that hardly any state is nearest to
stands for nothing (any more): the state that is represented worst takes its place. So sub-goals follow a team.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

_RARE = 0.05  # of an equal share of the states: how few there are for a prototype that is given up
_LEAST = 1e-4  # a variance; what hardly varies at all counts for little
_RATE = 0.02  # how fast shares follow


class Codes(nn.Module):
    """G prototypes of states of F numbers."""

    def __init__(self, count: int, state: int) -> None:
        super().__init__()
        self.prototypes = nn.Parameter(torch.zeros(count, state))
        self.register_buffer("weight", torch.zeros(state))  # of each number in distances
        self.register_buffer("share", torch.zeros(count))  # of states, by prototype; all 0: nothing was seen yet

    def forward(self, state: Tensor) -> Tensor:
        """How far states `[..., F]` are from each prototype, squared: `[..., G]`."""
        return ((state[..., None, :] - self.prototypes).square() * cast(Tensor, self.weight)).sum(-1)

    @torch.no_grad()
    def follow(self, matches: Tensor, there: Tensor) -> None:
        """Take the states of matches `[E, T, F]` into account, before anything is learned of them.

        `there`: which states there are, `bool[E, T]`.
        """
        share, count, states = cast(Tensor, self.share), len(self.prototypes), matches[there]
        weight = changing(matches, there)
        if share.any():
            cast(Tensor, self.weight).lerp_(weight, _RATE)
        else:
            cast(Tensor, self.weight).copy_(weight)
            self._begin(states)
        distance = self(states)
        share.lerp_(torch.nn.functional.one_hot(distance.argmin(1), count).float().mean(0), _RATE)
        worst = distance.amin(1)
        for index in (share < _RARE / count).nonzero()[:, 0].tolist():
            if worst.max() <= 0:
                return
            self.prototypes[index] = states[worst.argmax()]
            worst = torch.minimum(worst, self(states)[:, index])
            share[index] = 1 / count

    def _begin(self, states: Tensor) -> None:
        """The state farthest from those that are there already, one after the other."""
        self.prototypes[:] = states[0]
        for index in range(1, len(self.prototypes)):
            self.prototypes[index] = states[self(states).amin(1).argmax()]
        cast(Tensor, self.share).fill_(1 / len(self.prototypes))


def changing(matches: Tensor, there: Tensor) -> Tensor:
    """What each number counts, `[F]`: the share of its variance that is within matches, in units of that variance."""
    steps = there.sum(1)[:, None]
    centred = (matches - (matches * there[..., None]).sum(1, keepdim=True) / steps[..., None]) * there[..., None]
    within, whole = (centred.square().sum(1) / steps).mean(0), matches[there].var(0, correction=0)
    return torch.where(whole > 0, within / whole.clamp(min=_LEAST).square(), 0.0)
