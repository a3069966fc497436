"""The Bradley-Terry model of preferences: a reward for each turn, whose sum says which of two segments is preferred.

`P(first preferred) = exp(R1) / (exp(R1) + exp(R2))` with `R = sum of r(observation, action)` over the valid turns; the
loss is the cross-entropy with what the judge said (equation 1 and the loss below it of the source). `r` is within
(-1, 1) by a tanh, as in PEBBLE (Lee, Smith, Abbeel, ICML 2021).
Source: Christiano, Leike, Brown, Martic, Legg, Amodei, "Deep reinforcement learning from human preferences", NeurIPS
2017 (arXiv:1706.03741), section 2.2.3; Bradley and Terry, "Rank analysis of incomplete block designs", 1952.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.types import Array, Floats, Ints


@dataclass(frozen=True)
class Pairs:
    """P pairs of segments. `inputs`: `float32[2, P, T, D]`. `valid`: `bool[2, P, T]`. `label`: `float32[P]`."""

    inputs: Array
    valid: Array
    label: Array

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: Ints | slice) -> Pairs:
        """The pairs at `index`."""
        return Pairs(self.inputs[:, index], self.valid[:, index], self.label[index])

    def joined(self, more: Pairs) -> Pairs:
        """These, and then more."""
        both = zip((self.inputs, self.valid), (more.inputs, more.valid), strict=True)
        inputs, valid = (np.concatenate(parts, axis=1) for parts in both)
        return Pairs(inputs, valid, np.concatenate([self.label, more.label]))

    @staticmethod
    def none(length: int, size: int) -> Pairs:
        """No pairs of segments of `length` turns of `size` numbers."""
        nothing = np.zeros((2, 0, length), np.bool_)
        return Pairs(np.zeros((2, 0, length, size), np.float32), nothing, np.zeros(0, np.float32))


class Fitted:
    """A network and its optimiser, saved together."""

    def __init__(self, network: nn.Module, lr: float) -> None:
        self.network = network
        self.optimiser = torch.optim.Adam(network.parameters(), lr=lr)

    def step(self, loss: Tensor) -> float:
        """Go down a loss; what it was before."""
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())

    def save(self) -> dict[str, Array]:
        """Weights and moments, by name."""
        state: dict[str, Array] = {}
        for name, parameter in self.network.named_parameters():
            state[f"weights.{name}"] = parameter.detach().numpy().copy()
            for key, value in self.optimiser.state.get(parameter, {}).items():
                state[f"adam.{key}.{name}"] = value.detach().numpy().copy()
        return state

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        self.optimiser.state.clear()
        for name, parameter in self.network.named_parameters():
            parameter.data.copy_(_tensor(state[f"weights.{name}"]))
            if f"adam.step.{name}" in state:
                moments = {key: _tensor(state[f"adam.{key}.{name}"]) for key in ("step", "exp_avg", "exp_avg_sq")}
                self.optimiser.state[parameter] = moments


class PreferenceModel(Fitted):
    """One model, and its optimiser. `size` numbers a turn.

    `network` gives `[..., 1]` within -1 and 1 for `[..., size]`; by default a tanh network with two hidden layers.
    """

    def __init__(self, size: int, hidden: int, lr: float, seed: int, network: nn.Module | None = None) -> None:
        super().__init__(network or _dense(size, hidden, seed), lr)

    def rewards(self, inputs: Floats) -> Floats:
        """What each of K turns `[K, D]` is worth, `float64[K]`."""
        with torch.no_grad():
            return self.network(torch.from_numpy(inputs.astype(np.float32)))[:, 0].double().numpy()

    def learn(self, pairs: Pairs) -> tuple[float, float]:
        """One step on a minibatch; the loss before it, and how often the model agreed with the judge."""
        label = torch.from_numpy(pairs.label)
        rewards = self.network(torch.from_numpy(pairs.inputs))[..., 0] * torch.from_numpy(pairs.valid)
        first, second = rewards.sum(dim=2)
        loss = F.binary_cross_entropy_with_logits(first - second, label)
        self.step(loss + self.besides(pairs, rewards))
        agreed = torch.where(label == 0.5, 0.5, ((first > second) == (label > 0.5)).float())
        return float(loss.detach()), float(agreed.mean())

    def besides(self, pairs: Pairs, rewards: Tensor) -> Tensor | float:
        """What else the model goes down, besides what the judge said; `rewards` `[2, P, T]`, 0 beyond ends."""
        return 0.0


def _dense(size: int, hidden: int, seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed % (1 << 63))
    widths = [size, hidden, hidden, 1]
    layers: list[nn.Module] = []
    for number in range(3):
        layer = nn.Linear(widths[number], widths[number + 1])
        nn.init.orthogonal_(layer.weight, 2**0.5 if number < 2 else 0.1, generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.Tanh()]
    return nn.Sequential(*layers)


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array))
