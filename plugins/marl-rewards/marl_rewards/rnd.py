"""Random network distillation: what cannot be predicted yet is new, and is paid for.

Why: where the game pays only at a goal that chance hardly ever reaches, a learner needs a reason to go where it has
not been. A network learns to predict what another one, random and fixed, says of the next observation. It is good at
what it has seen often; its squared error is the `novelty` of the rest, divided by the deviation of all errors so far,
so that one weight fits many games. Observations are normalised by what was seen so far, and clipped at 5 deviations,
as in the paper. The paper divides by the deviation of discounted sums of novelty, and gives it values of its own that
ignore the ends of episodes; here it is one channel of the sum that is learned from.
Source: Burda, Edwards, Storkey, Klimov, "Exploration by random network distillation", ICLR 2019, sections 2.2 and 2.4.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl.types import Array, Floats
from marl_rewards.encode import encode, width
from marl_rewards.moments import Moments

_CLIP = 5.0


@dataclass
class Params:
    """The networks, and how fast one learns to predict the other."""

    hidden: int = 64
    """Width of both networks' hidden layers."""
    features: int = 32
    """How many numbers are predicted."""
    lr: float = 1e-3
    """Adam's learning rate."""
    minibatch: int = 256
    """Rows per gradient step; each row is used once."""
    share: float = 0.25
    """Which part of the rows the predictor learns from, so that novelty lasts."""

    def __post_init__(self) -> None:
        for name in ("hidden", "features", "minibatch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 < self.share <= 1:
            raise ValueError(f"share must be above 0 and at most 1, not {self.share}")
        if not self.lr > 0:
            raise ValueError(f"lr must be above 0, not {self.lr}")


class RND:
    """One pair of networks for each group of agents. Novelty is 0 until something has been seen."""

    channels: ClassVar = {"novelty": "squared error about the next observation, in deviations of all errors so far"}

    def __init__(self, spec: EnvSpec, params: Params | None = None) -> None:
        self.params, self.spaces = params or Params(), [group.observation for group in spec.groups]
        self.reset(0)

    def __call__(self, window: Window) -> Channels:
        """`novelty`, `float64[K]`; 0 where nothing was seen afterwards."""
        novelty = np.zeros(len(window))
        distiller = self.distillers[window.rows.group]
        if distiller.errors.count:
            seen = np.flatnonzero(window.followed)
            novelty[seen] = distiller.error(self._next(window)[seen]) / distiller.errors.deviation
        return {"novelty": novelty}

    def reset(self, seed: int) -> None:
        """New networks, and nothing seen."""
        self.distillers = [
            Distiller(width(space), self.params, seed + number) for number, space in enumerate(self.spaces)
        ]

    def samples(self, window: Window) -> Mapping[str, Array]:
        """The next observations, as vectors."""
        return {f"group{window.rows.group}": self._next(window)[window.followed].astype(np.float32)}

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """One pass; the mean error of what is learned from, `error`, by group where there are several."""
        told = {}
        for name, rows in samples.items():
            if len(rows):
                error = self.distillers[int(name.removeprefix("group"))].fit(rows.astype(np.float64), seed)
                told["error" if len(self.spaces) == 1 else f"error.{name}"] = error
        return told

    def save(self) -> Mapping[str, Array]:
        """Networks, optimisers and statistics."""
        return {
            f"group{number}.{name}": array
            for number, distiller in enumerate(self.distillers)
            for name, array in distiller.save().items()
        }

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        for number, distiller in enumerate(self.distillers):
            prefix = f"group{number}."
            distiller.load({name.removeprefix(prefix): a for name, a in state.items() if name.startswith(prefix)})

    def _next(self, window: Window) -> Floats:
        return encode(self.spaces[window.rows.group], window.next_observation)


class Distiller:
    """A random network, another that learns to predict it, and what both were shown so far. `size` numbers a row."""

    def __init__(self, size: int, params: Params, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed % (1 << 63))
        self.params = params
        self.target, self.predictor = (_network(size, params, generator) for _ in range(2))
        self.target.requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.predictor.parameters(), lr=params.lr)
        self.observations, self.errors = Moments(size), Moments(1)

    def error(self, rows: Floats) -> Floats:
        """The mean squared error of each of K rows `[K, D]`, `float64[K]`."""
        with torch.no_grad():
            return self._error(self._inputs(rows)).double().numpy()

    def fit(self, rows: Floats, seed: int) -> float:
        """Take the rows into account, then learn from a share of them; the mean error before."""
        self.observations.add(rows)
        errors = self.error(rows)
        self.errors.add(errors[:, None])
        inputs = self._inputs(rows)
        for batch in self._minibatches(len(rows), seed):
            self.optimiser.zero_grad()
            self._error(inputs[batch]).mean().backward()
            self.optimiser.step()
        return float(errors.mean())

    def save(self) -> dict[str, Array]:
        """All of it, by name."""
        state = {f"target.{name}": _array(value) for name, value in self.target.state_dict().items()}
        for name, parameter in self.predictor.named_parameters():
            state[f"predictor.{name}"] = _array(parameter)
            for key, value in self.optimiser.state.get(parameter, {}).items():
                state[f"adam.{key}.{name}"] = _array(value)
        for name, moments in (("observations", self.observations), ("errors", self.errors)):
            state |= {f"{name}.{key}": np.array(value) for key, value in vars(moments).items()}
        return state

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""

        def tensors(prefix: str) -> dict[str, torch.Tensor]:
            return {
                name.removeprefix(prefix): torch.from_numpy(np.array(array))
                for name, array in state.items()
                if name.startswith(prefix)
            }

        self.target.load_state_dict(tensors("target."))
        self.predictor.load_state_dict(tensors("predictor."))
        self.optimiser.state.clear()
        for name, parameter in self.predictor.named_parameters():
            moments = {key: tensors(f"adam.{key}.").get(name) for key in ("step", "exp_avg", "exp_avg_sq")}
            if moments["step"] is not None:
                self.optimiser.state[parameter] = moments
        for name in ("observations", "errors"):
            keys = vars(getattr(self, name))
            setattr(self, name, Moments.of(**{key: np.array(state[f"{name}.{key}"]) for key in keys}))

    def _inputs(self, rows: Floats) -> torch.Tensor:
        centred = (rows - self.observations.mean) / self.observations.deviation
        return torch.from_numpy(centred.clip(-_CLIP, _CLIP).astype(np.float32))

    def _error(self, inputs: torch.Tensor) -> torch.Tensor:
        return (self.predictor(inputs) - self.target(inputs)).square().mean(dim=1)

    def _minibatches(self, count: int, seed: int) -> Iterator[Array]:
        order = np.random.Generator(np.random.Philox(key=seed)).permutation(count)
        used = order[: max(1, round(count * self.params.share))]
        return (used[start : start + self.params.minibatch] for start in range(0, len(used), self.params.minibatch))


def _network(size: int, params: Params, generator: torch.Generator) -> nn.Sequential:
    """Two hidden layers, drawn orthogonally from the generator alone."""
    layers: list[nn.Module] = []
    widths = [size, params.hidden, params.hidden, params.features]
    for number, (before, after) in enumerate(itertools.pairwise(widths)):
        layer = nn.Linear(before, after)
        nn.init.orthogonal_(layer.weight, gain=2**0.5, generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()] if number < 2 else [layer]
    return nn.Sequential(*layers)


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().numpy().copy()
