"""Dense layers that normalise what they have computed (and a memory behind them, if asked for).

Source: Ba et al., "Layer normalization", 2016; before the activation of every hidden layer, as Gallici et al.,
"Simplifying deep temporal difference learning", ICLR 2025, section 4, have it.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from marl.space import Space
from marl.training.model import ModelConfig
from marl.training.networks.bodies import Body
from marl.training.networks.dense import ACTIVATIONS, Dense, uniform
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl.training.networks.recurrent import Recurrent
from marl_values.params import NormedParams


class NormedEncoder(nn.Module):
    """All leaves of an observation side by side, then the layers. `size`: how many numbers it gives for a row."""

    def __init__(self, observation: Space, params: NormedParams) -> None:
        super().__init__()
        self.flat = Encoder(observation, ModelConfig(hidden=[]))
        widths = [self.flat.size, *params.hidden]
        self.layers = nn.ModuleList(Dense(before, after) for before, after in pairwise(widths))
        uniform(self.layers)  # orthogonal layers are larger, so that steps of one size turn them less
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in params.hidden)
        self.size, self._activation = widths[-1], ACTIVATIONS[params.activation]

    def forward(self, observation: TensorTree) -> Tensor:
        """A tree of `[B, ...]` -> `[B, size]`."""
        x: Tensor = self.flat(observation)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = self._activation(norm(layer(x)))
        return x


def normed(observation: Space, params: NormedParams) -> Body:
    """See `NormedParams`."""
    encoder = NormedEncoder(observation, params)
    return Body(encoder, Recurrent(encoder.size, params.memory, "gru") if params.memory else None)
