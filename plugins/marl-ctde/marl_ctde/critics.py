"""Critics: what looks at a whole team while it learns, and at nothing when it plays."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from marl.training.networks.dense import MLP, Dense
from marl.training.networks.recurrent import Recurrent
from marl.training.team_choice import Choice, TeamShape
from marl_values.mixers.monotonic import Monotonic

_RATE = 0.1  # how much the targets of the last update count among those so far
_LEAST = 1e-3  # a deviation that is smaller counts as this


class StateCritic(nn.Module):
    """A value of what is seen, step by step: `[B, T, F] -> [B, T]`, in units of its `scale`.

    `hidden`: the widths of dense layers. `memory`: the size of a GRU behind them, that goes through the steps from an
    empty memory; 0: none.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], activation: str, memory: int = 0) -> None:
        super().__init__()
        self.body = MLP(inputs, hidden, activation)
        self.memory = Recurrent(self.body.size, memory, "gru") if memory else None
        self.head = Dense(memory or self.body.size, 1, gain=1.0)
        self.scale = Scale()

    def forward(self, seen: Tensor) -> Tensor:
        """See above."""
        x: Tensor = self.body(seen.flatten(0, 1)).unflatten(0, seen.shape[:2])
        if self.memory is not None:
            x, _ = self.memory(x, x.new_zeros((len(x), self.memory.memory_size)))
        value: Tensor = self.head(x)[..., 0]
        return value

    def absorb(self, mean: Tensor, square: Tensor) -> None:
        """Take the targets of an update into account. In units of rewards, all values stay what they were.

        Source: van Hasselt et al., "Learning values across many orders of magnitude", NeurIPS 2016 (PopArt).
        """
        before, shift = self.scale.deviation.clone(), self.scale.mean.clone()
        self.scale.absorb(mean, square)
        with torch.no_grad():
            self.head.weight.mul_(before / self.scale.deviation)
            self.head.bias.mul_(before).add_(shift - self.scale.mean).div_(self.scale.deviation)


class CounterfactualCritic(nn.Module):
    """Values of all actions of each agent, given what the others chose.

    `forward(state, seen, chosen)`: `[..., F]`, `[..., n, O]` and `[..., n, A]` (one-hot, zero of who has no turn) ->
    `[..., n, A]`. It does not look at what the agent itself chose. `hidden`: the widths of dense layers.
    """

    def __init__(self, shape: TeamShape, hidden: Sequence[int], activation: str) -> None:
        super().__init__()
        inputs = shape.state + shape.seen + shape.agents + shape.agents * shape.actions
        self.body = MLP(inputs, hidden, activation)
        self.head = Dense(self.body.size, shape.actions, gain=1.0)

    def forward(self, state: Tensor, seen: Tensor, chosen: Tensor) -> Tensor:
        """See above."""
        agents = seen.shape[-2]
        own = torch.eye(agents, device=seen.device)
        others = (chosen[..., None, :, :] * (1 - own)[..., None]).flatten(-2)
        place, known = own.expand(*seen.shape[:-1], -1), state[..., None, :].expand(*seen.shape[:-1], -1)
        x = torch.cat([known, seen, place, others], -1)
        values: Tensor = self.head(self.body(x.flatten(0, -2))).unflatten(0, x.shape[:-1])
        return values


class JointCritic(nn.Module):
    """Values of joint actions by the state, of `count` networks. `hidden`: the widths of dense layers."""

    def __init__(self, shape: TeamShape, hidden: Sequence[int], activation: str, count: int = 1) -> None:
        super().__init__()
        inputs = shape.state + shape.agents * shape.actions
        self.bodies = nn.ModuleList(MLP(inputs, hidden, activation) for _ in range(count))
        self.heads = nn.ModuleList(Dense(hidden[-1] if hidden else inputs, 1, gain=1.0) for _ in range(count))

    def forward(self, state: Tensor, seen: Tensor, actions: Tensor, acts: Tensor) -> Tensor:
        """`[..., F]`, `[..., n, O]`, `[..., n, A]` (zero of who has no turn), `bool[..., n]` -> `[count, ...]`."""
        x = torch.cat([state, actions.flatten(-2)], -1)
        flat = x.flatten(0, -2)
        said = [head(body(flat))[..., 0] for body, head in zip(self.bodies, self.heads, strict=True)]
        return torch.stack(said).unflatten(1, x.shape[:-1])


class FactoredCritic(nn.Module):
    """Values of joint actions, mixed from utilities of what each agent sees and does, by the state.

    No agent's utility can lower the whole by rising. `hidden`: the widths of the utilities' layers; `mixer` and
    `hypernetwork` those of QMIX's mixer.
    """

    def __init__(self, shape: TeamShape, hidden: Sequence[int], activation: str, mixer: int, hypernetwork: int) -> None:
        super().__init__()
        self.body = MLP(shape.seen + shape.agents + shape.actions, hidden, activation)
        self.head = Dense(self.body.size, 1, gain=1.0)
        self.mixer = Monotonic(shape, mixer, hypernetwork)

    def forward(self, state: Tensor, seen: Tensor, actions: Tensor, acts: Tensor) -> Tensor:
        """As `JointCritic`, of one network: `[1, ...]`."""
        place = torch.eye(seen.shape[-2], device=seen.device).expand(*seen.shape[:-1], -1)
        x = torch.cat([seen, place, actions], -1)
        utility = self.head(self.body(x.flatten(0, -2))).unflatten(0, x.shape[:-1])  # [..., n, 1]
        alone = torch.zeros(acts.shape, dtype=torch.int64, device=acts.device)
        value: Tensor = self.mixer(Choice(utility, alone, acts, state))
        return value[None]


class Scale(nn.Module):
    """The mean and the deviation of a critic's targets, of which later ones count more; 0 and 1 before there are any.

    Source: Yu et al., "The surprising effectiveness of PPO in cooperative multi-agent games", NeurIPS 2022 (value
    normalisation).
    """

    mean: Tensor
    deviation: Tensor
    sums: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("deviation", torch.ones(()))
        self.register_buffer("sums", torch.zeros(3, dtype=torch.float64))  # of weights, targets, and their squares

    def absorb(self, mean: Tensor, square: Tensor) -> None:
        """The mean of an update's targets, and that of their squares."""
        new = torch.stack([torch.ones_like(mean), mean, square]).double()
        self.sums.lerp_(new, _RATE)
        weight, total, squares = self.sums
        self.mean.copy_(total / weight)
        self.deviation.copy_((squares / weight - (total / weight).square()).clamp(min=_LEAST**2).sqrt())

    def units(self, rewards: Tensor) -> Tensor:
        """From units of rewards."""
        return (rewards - self.mean) / self.deviation

    def rewards(self, units: Tensor) -> Tensor:
        """To units of rewards."""
        return units * self.deviation + self.mean
