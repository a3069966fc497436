"""What a team chose, as mixers see it: the values of the agents' actions, which of them were chosen, and the state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class TeamShape:
    """How large what a mixer (or critic) sees is: n `agents`, A `actions` of each (of whoever has most), F numbers of a
    `state`, and how many numbers each agent sees (`seen`, of whoever sees most)."""

    agents: int
    actions: int
    state: int
    seen: int = 0


@dataclass(frozen=True)
class Choice:
    """A choice of a team at any number of places `...`, all of which has the same leading shape.

    `inputs`: `[..., n, A]`, each agent's values of its actions, -1e9 for illegal ones. `action`: `int64[..., n]`.
    `acts`: `bool[..., n]`, who has a turn; values of others are 0. `state`: `[..., F]`.
    """

    inputs: Tensor
    action: Tensor
    acts: Tensor
    state: Tensor

    @cached_property
    def values(self) -> Tensor:
        """Each agent's value of what it chose, `[..., n]`."""
        return self.inputs.gather(-1, self.action[..., None])[..., 0] * self.acts

    @cached_property
    def best(self) -> Tensor:
        """Each agent's greatest value, `[..., n]`."""
        return self.inputs.amax(-1) * self.acts

    @cached_property
    def chosen(self) -> Tensor:
        """What each agent chose, one-hot: `float[..., n, A]`; zero where it had no turn."""
        return F.one_hot(self.action, self.inputs.shape[-1]).float() * self.acts[..., None]

    def instead(self, action: Tensor) -> Choice:
        """The same place with other actions `int64[..., n]`."""
        return Choice(self.inputs, action, self.acts, self.state)

    def detached(self) -> Choice:
        """The same, with no gradient into the agents' networks."""
        return Choice(self.inputs.detach(), self.action, self.acts, self.state)
