"""Many small policies of one shape in one pass: a mixture of 32 opponents costs little more than one.

Asked one by one, each policy costs some 80 microseconds before it computes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from marl.env import Rows
from marl.policy import Acts
from marl.training.networks.dense import ACTIVATIONS, Dense
from marl.training.networks.network import Network
from marl.training.networks.normaliser import normalised
from marl.training.networks.tensors import finite, numpy, tensors
from marl.types import ArrayTree, Ints, Keys


class NetworkStack:
    """M networks of kind `mlp` and one shape, as they are now: their layers side by side, `[M, inputs, outputs]`.

    Rows are spread over `[M, R]` places. A network with far more rows than the others answers them by itself, so that R
    stays small. `check` raises for rows that these networks must not answer; `seen` is what they see.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        check: Callable[[Rows], None],
        seen: Callable[[ArrayTree, Ints], ArrayTree],
    ) -> None:
        self._networks, self._check, self._seen = list(networks), check, seen
        self._activation = ACTIVATIONS[networks[0].config.activation]
        count = len(networks[0].encoder.dense.layers)
        self._layers = [_side_by_side([_layer(network, index) for network in networks]) for index in range(count)]
        heads = [
            _side_by_side([getattr(network, name) for network in networks]) for name in ("policy_head", "value_head")
        ]
        self._heads = tuple(torch.cat(parts, 2) for parts in zip(*heads, strict=True))
        free = [network.free for network in networks if network.free is not None]
        norms = [network.normaliser for network in networks if network.normaliser is not None]
        self._mean = torch.stack([norm.mean.float() for norm in norms]) if norms else None
        self._deviation = torch.stack([norm.deviation() for norm in norms]) if norms else None
        self._scale = np.array([network.value_scale for network in networks])
        self._free = torch.stack([parameter.detach() for parameter in free]) if free else None

    @torch.inference_mode()
    def act(self, rows: Rows, which: Ints, keys: Keys) -> Acts:
        """Sample an action for each of K rows, `which[K]` ascending; see `marl.policy.Stack`."""
        self._check(rows)
        first = self._networks[0]
        seen = first.encoder.columns(tensors(self._seen(rows.observation, rows.agent), first.device))
        if self._mean is not None and self._deviation is not None:
            member = torch.from_numpy(which).to(seen.device)
            seen = normalised(seen, self._mean[member], self._deviation[member])
        outputs = finite(numpy(self.forward(seen, which)))
        inputs, value = outputs[:, :-1], outputs[:, -1] * self._scale[which]
        if self._free is not None:
            inputs = np.concatenate([inputs, numpy(self._free)[which]], axis=1)
        action, logp = first.distribution.sample(inputs, rows.mask, keys)
        return Acts(action, logp, value)

    def forward(self, seen: Tensor, which: Ints) -> Tensor:
        """What the heads of each row's own network say, value last: `[K, F], int64[K] -> [K, outputs + 1]`."""
        counts = np.bincount(which, minlength=len(self._networks))
        starts = np.cumsum(counts) - counts
        width = int(max(16, 2 * len(which) // len(counts)))
        alone = np.flatnonzero(counts > width)
        spread = self._spread(seen, which, starts, np.where(counts > width, 0, counts))
        for member in alone.tolist():
            part = slice(starts[member], starts[member] + counts[member])
            x = self._networks[member].encoder.dense(seen[part])
            spread[part] = torch.addmm(self._heads[1][member], x, self._heads[0][member])
        return spread

    def _spread(self, seen: Tensor, which: Ints, starts: Ints, counts: Ints) -> Tensor:
        result = seen.new_empty((len(seen), self._heads[0].shape[2]))
        width = int(counts.max())
        if width == 0:
            return result
        rows = np.flatnonzero(counts[which] > 0)
        place = torch.from_numpy(which[rows] * width + rows - starts[which[rows]]).to(seen.device)
        here = torch.from_numpy(rows).to(seen.device)
        everybody = len(rows) == len(seen)
        x = seen.new_zeros((len(counts) * width, seen.shape[1]))
        x.index_copy_(0, place, seen if everybody else seen.index_select(0, here))
        x = x.view(len(counts), width, -1)
        for weight, bias in self._layers:
            x = self._activation(torch.baddbmm(bias, x, weight))
        answers = torch.baddbmm(self._heads[1], x, self._heads[0]).flatten(0, 1).index_select(0, place)
        return answers if everybody else result.index_copy_(0, here, answers)


def _layer(network: Network, index: int) -> Dense:
    layer = network.encoder.dense.layers[index]
    assert isinstance(layer, Dense)
    return layer


def _side_by_side(layers: Sequence[Dense]) -> tuple[Tensor, Tensor]:
    """Weights `[M, inputs, outputs]` and biases `[M, 1, outputs]`."""
    weights = torch.stack([layer.weight.detach().t() for layer in layers]).contiguous()
    return weights, torch.stack([layer.bias.detach()[None] for layer in layers])
