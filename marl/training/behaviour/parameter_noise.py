"""Parameter noise: a match is played with weights that are a little off, the same all along.

Why: an action that is drawn now and then leads nowhere if the next ones undo it. Weights that are off make a policy of
another mind for a whole match, which does the same wherever it sees the same. How far they are off is adapted, so that
what is played is a stated distance from what would be played without (`adapted`, from one update to the next).
Source: Plappert et al., "Parameter space noise for exploration", ICLR 2018 (arXiv:1706.01905): noise anew with every
match, and for deep Q-learning the distance `threshold` below (appendix C.1, as quoted in OpenAI's baselines). Weights
of all layers are perturbed alike, without the paper's layer normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from marl.training.behaviour import Drawn
from marl.types import Array, Bools, Floats, Keys

_KEPT = 256  # matches whose noise is kept, or twice those at hand, so that it is not drawn anew at every tick
_BITS = 24  # of a number that is a float32 exactly


class ParameterNoise:
    """See `Perturbing`. The best action by perturbed weights.

    `noise` (a coefficient) is the deviation of what is added; where there are several modules, `MODULE/noise` is.
    """

    memory: int = 2

    def __init__(self) -> None:
        self._drawn: dict[tuple[int, int], Tensor] = {}

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """The best action, which is certain."""
        return distribution.mode(inputs, mask), np.zeros(len(inputs))

    def begun(self, memory: Array, keys: Keys) -> Array:
        """What rows remember, `float32[K, 2]`: two halves of a seed, drawn from `keys` where a match begins (zeros)."""
        low, high = (keys >> np.uint64(8)) % (1 << _BITS), (keys >> np.uint64(8 + _BITS)) % (1 << _BITS)
        seeds = np.stack([low | np.uint64(1), high], axis=1).astype(np.float32)
        return np.where((memory == 0).all(axis=1)[:, None], seeds, memory)

    def inputs(
        self, name: str, network: nn.Module, observation: object, memory: Array, coefficients: Mapping[str, float]
    ) -> Array:
        """What the perturbed network of module `name` says of each of K rows, `[K, D]`."""
        halves, size = memory.astype(np.int64), weights_of(network)
        wanted = [(seed, size) for seed in (halves[:, 0] + (halves[:, 1] << _BITS)).tolist()]
        for key in wanted:
            if key not in self._drawn:
                chance = np.random.Generator(np.random.Philox(key=key[0]))
                self._drawn[key] = torch.from_numpy(chance.standard_normal(size, dtype=np.float32))
        noise = torch.stack([self._drawn[key] for key in wanted])
        for key in list(self._drawn)[: max(0, len(self._drawn) - max(_KEPT, 2 * len(wanted)))]:
            del self._drawn[key]
        return perturbed(network, observation, noise, noise_of(name, coefficients)).cpu().numpy()


def noise_of(name: str, coefficients: Mapping[str, float]) -> float:
    """The deviation of the noise of a module."""
    return coefficients.get(f"{name}/noise", coefficients["noise"])


@torch.no_grad()
def perturbed(network: nn.Module, observation: object, noise: Tensor, scale: float) -> Tensor:
    """The inputs `[K, D]` of the distribution, each row by weights of its own: those of the network, and its `noise`.

    `observation`: a tree of `[K, ...]`. `noise`: `[K, P]`, of all P weights, times `scale`.
    """
    weights, start = dict[str, Tensor](), 0
    for key, parameter in network.named_parameters():
        part = noise[:, start : start + parameter.numel()].to(parameter.device)
        weights[key] = parameter.detach() + scale * part.reshape(-1, *parameter.shape)
        start += parameter.numel()

    def one(own: dict[str, Tensor], row: object) -> Tensor:
        batch = torch.utils._pytree.tree_map(lambda leaf: leaf[None], row)
        inputs: Tensor = torch.func.functional_call(network, own, (batch,)).inputs[0]
        return inputs

    said: Tensor = torch.func.vmap(one)(weights, observation)
    return said


def weights_of(network: nn.Module) -> int:
    """How many weights are perturbed."""
    return sum(parameter.numel() for parameter in network.parameters())


def distance(values: Tensor, others: Tensor) -> Tensor:
    """The mean over rows of the divergence KL(p, q) of the softmax of values `[K, A]` from that of others."""
    log_p, log_q = values.log_softmax(1), others.log_softmax(1)
    return (log_p.exp() * (log_p - log_q)).sum(1).mean()


def threshold(epsilon: float, actions: int) -> float:
    """The distance of a policy from one that plays any of so many actions with probability `epsilon`."""
    return -math.log(1 - epsilon + epsilon / actions)


def adapted(scale: float, away: float, wanted: float, rate: float) -> float:
    """The next scale: `rate` times as much where what is played is nearer than wanted, else so much less."""
    return scale * rate if away <= wanted else scale / rate
