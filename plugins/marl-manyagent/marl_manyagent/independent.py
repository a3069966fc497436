"""Dense layers that do not see what neighbours did: with them, any algorithm is that of an independent learner."""

from __future__ import annotations

from dataclasses import asdict

from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Space, Tree
from marl.training.model import ModelConfig
from marl.training.networks.bodies import Body
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl_manyagent.neighbours import MEAN
from marl_manyagent.params import IndependentParams


class IndependentEncoder(nn.Module):
    """All leaves of an observation but its mean action, then dense layers. `size`: how many numbers it gives."""

    def __init__(self, observation: Tree, params: IndependentParams) -> None:
        super().__init__()
        self._seen = [name for name in observation.fields if name != MEAN]
        if not self._seen:
            raise UserError(f"manyagent/independent sees nothing: these observations are {MEAN!r} alone")
        rest = Tree({name: observation.fields[name] for name in self._seen})
        self.encoder = Encoder(rest, ModelConfig(kind="mlp", **asdict(params)))
        self.size = self.encoder.size

    def forward(self, observation: TensorTree) -> Tensor:
        """A tree of `[B, ...]` -> `[B, size]`."""
        x: Tensor = self.encoder({name: observation[name] for name in self._seen})
        return x


def independent(observation: Space, params: IndependentParams) -> Body:
    """See `IndependentParams`. Raises UserError where observations are no tree."""
    if not isinstance(observation, Tree):
        raise UserError(
            f"manyagent/independent leaves {MEAN!r} out of observations, and these have no parts; mlp is right"
        )
    return Body(IndependentEncoder(observation, params))
