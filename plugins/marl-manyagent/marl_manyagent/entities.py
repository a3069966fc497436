"""A network for structured observations: tiles, a list of entities with a mask, and what an agent knows of itself.

Tiles go through dense layers of their own; each entity goes through the same small ones, and what they give is pooled
over those that are present, by mean and maximum, so the order of the list tells nothing. Then dense layers for all.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Box, Space, Tree
from marl.training.networks.bodies import Body
from marl.training.networks.dense import MLP
from marl.training.networks.features import TensorTree, columns, width
from marl_manyagent.neighbours import MEAN
from marl_manyagent.params import EntitiesParams

_LOW = 1e6  # what the absent are below all that are present
_LEAVES = ("tiles", "entities", "present", "self")


class EntitiesEncoder(nn.Module):
    """See above. `size`: how many numbers it gives."""

    def __init__(self, observation: Tree, params: EntitiesParams) -> None:
        super().__init__()
        self._spaces = observation.fields
        entities = self._spaces["entities"]
        assert isinstance(entities, Box)
        self._mean = params.mean_action and MEAN in self._spaces
        self.tiles = MLP(width(self._spaces["tiles"]), (params.tiles,), params.activation)
        self.entity = MLP(entities.shape[1], (params.entity,), params.activation)
        rest = width(self._spaces["self"]) + (width(self._spaces[MEAN]) if self._mean else 0)
        self.dense = MLP(self.tiles.size + 2 * self.entity.size + rest, params.hidden, params.activation)
        self.size = self.dense.size

    def forward(self, observation: TensorTree) -> Tensor:
        """A tree of `[B, ...]` -> `[B, size]`."""
        parts = [self.tiles(self._columns(observation, "tiles")), *self._pooled(observation)]
        parts += [self._columns(observation, name) for name in ("self", *([MEAN] if self._mean else []))]
        x: Tensor = self.dense(torch.cat(parts, 1))
        return x

    def _pooled(self, observation: TensorTree) -> list[Tensor]:
        present = observation["present"].float()[..., None]
        seen = observation["entities"].float()
        known = self.entity(seen.flatten(0, 1)).unflatten(0, seen.shape[:2]) * present
        count = present.sum(1).clamp(min=1.0)
        return [known.sum(1) / count, (known - _LOW * (1 - present)).amax(1) * present.amax(1)]

    def _columns(self, observation: TensorTree, name: str) -> Tensor:
        return columns(self._spaces[name], observation[name])


def entities(observation: Space, params: EntitiesParams) -> Body:
    """See `EntitiesParams`. Raises UserError where observations have other parts."""
    if not isinstance(observation, Tree) or not set(_LEAVES) <= set(observation.fields):
        raise UserError(
            f"manyagent/entities sees {', '.join(map(repr, _LEAVES))}, as manyagent/foraging_world shows them, and "
            "these observations have other parts; mlp is right for them"
        )
    return Body(EntitiesEncoder(observation, params))
