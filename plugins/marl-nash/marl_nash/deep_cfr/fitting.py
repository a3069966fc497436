"""Networks that are fitted, from scratch, to what a reservoir keeps; and how advantages are played.

Rows of one information set are merged first: the weighted mean of what they say has the same weighted squares up to a
constant (and the same cross-entropy), so nothing is lost, and a small game is fitted whole at every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from marl import rng, tree
from marl.training.checkpoint import part
from marl.training.modules import ModuleSpec
from marl.training.networks import Network
from marl.training.networks.features import TensorTree, map_tensors
from marl.training.networks.tensors import finite, numpy, tensors
from marl.types import Array, ArrayTree, Bools, Floats
from marl_nash.deep_cfr.params import DeepCFRParams

OBSERVATION = "observation/"  # columns of what was seen: leaves of a tree
Kind = Literal["advantages", "policy"]


@dataclass(frozen=True)
class Examples:
    """U information sets: what is seen there, `mask` `bool[U, A]`, `target` `float64[U, A]`, `weight` `float64[U]`.

    Weights sum to 1: each is that of all rows of its information set, by the iterations in which they came.
    """

    observation: ArrayTree
    mask: Bools
    target: Floats
    weight: Floats


def merged(columns: Mapping[str, Array]) -> Examples:
    """Rows of a reservoir, by information set. A row of iteration t counts t times (linear CFR)."""
    _, first, group = np.unique(columns["key"], return_index=True, return_inverse=True)
    weight = columns["iteration"].astype(np.float64)
    total = np.bincount(group, weight)
    target = [np.bincount(group, weight * column) / total for column in columns["target"].T]
    seen = tree.nest(part(columns, OBSERVATION))
    mask = columns["mask"][first]
    return Examples(tree.take(seen, first), mask, np.stack(target, axis=1), total / total.sum())


def fitted(
    kind: Kind, module: ModuleSpec, name: str, examples: Examples, params: DeepCFRParams, seed: int
) -> tuple[Network, float]:
    """A new network after all of its gradient steps, frozen, and its loss at the last. All follows from `seed`.

    `advantages`: squared errors over legal actions, in units of what the targets are on average (regret matching knows
    no units). `policy`: cross-entropy, whose least is at the weighted mean policy, as that of squared errors is.
    """
    network = module.build(seed, name)
    steps = params.steps if kind == "advantages" else params.play_steps
    optimiser = torch.optim.Adam(network.parameters(), params.lr, fused=True)
    whole, draws = _batch(examples, kind), rng.mix(seed, np.arange(steps))
    chances, loss = np.cumsum(examples.weight), torch.zeros(())
    for step in range(steps):
        batch = whole
        if len(chances) > params.minibatch:
            points = rng.uniform(rng.mix(draws[step], np.arange(params.minibatch)))
            index = np.minimum(np.searchsorted(chances, points * chances[-1], side="right"), len(chances) - 1)
            batch = whole.drawn(torch.from_numpy(index))
        loss = batch.advantages(network) if kind == "advantages" else batch.policy(network)
        for group in optimiser.param_groups:
            group["lr"] = params.lr * (1 - step / steps)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), params.max_grad_norm)
        optimiser.step()
    return network.eval().requires_grad_(False), float(loss.detach())


@torch.inference_mode()
def advantages(network: Network, observation: ArrayTree) -> Floats:
    """What a network says of K rows, `float64[K, A]`. Raises RunError where that is not finite."""
    out = network(tensors(observation, network.device))
    return finite(numpy(out.inputs)).astype(np.float64)


def matched(advantage: Floats, mask: Bools) -> Floats:
    """Regret matching, `float64[K, A]`: in proportion to positive advantages; where there are none, the greatest.

    Equal ones share, so without any advantages all legal actions are alike.
    """
    positive = np.where(mask, np.maximum(advantage, 0.0), 0.0)
    total = positive.sum(axis=1, keepdims=True)
    legal = np.where(mask, advantage, -np.inf)
    best = (legal == legal.max(axis=1, keepdims=True)).astype(np.float64)
    chosen = np.where(total > 0, positive, best)
    return np.asarray(chosen / chosen.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class _Batch:
    """B information sets, as tensors; `weight` sums to 1."""

    observation: TensorTree
    mask: Tensor
    target: Tensor
    weight: Tensor

    def drawn(self, index: Tensor) -> _Batch:
        """Those that were drawn by their weight, which count alike from now on."""
        alike = torch.full((len(index),), 1 / len(index))
        seen = map_tensors(lambda leaf: leaf[index], self.observation)
        return _Batch(seen, self.mask[index], self.target[index], alike)

    def advantages(self, network: Network) -> Tensor:
        """Squared errors, summed over legal actions."""
        error = (network(self.observation).inputs - self.target).square() * self.mask
        return torch.as_tensor(self.weight @ error.sum(1))

    def policy(self, network: Network) -> Tensor:
        """Cross-entropy."""
        log_policy = torch.log_softmax(network(self.observation, self.mask).inputs, dim=1)
        return torch.as_tensor(-self.weight @ (self.target * log_policy).sum(1))


def _batch(examples: Examples, kind: Kind) -> _Batch:
    target = examples.target
    if kind == "advantages":
        legal = examples.mask.sum(axis=1) @ examples.weight
        size = np.sqrt((np.square(target).sum(axis=1) @ examples.weight) / legal)
        target = target / (size or 1.0)
    arrays = (examples.mask, target.astype(np.float32), examples.weight.astype(np.float32))
    mask, aims, weight = (torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)
    return _Batch(tensors(examples.observation, torch.device("cpu")), mask, aims, weight)
