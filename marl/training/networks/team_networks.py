"""The networks of a team, asked together: encoders, the team model between them, and heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.training.networks.features import TensorTree
from marl.training.networks.network import Network
from marl.training.networks.team_model import TeamModel, action_width


class Seen(NamedTuple):
    """What K agents of one module see: `where`: their team and place, `int64[K], int64[K]`. `observation`: a tree of
    `[K, ...]`. `mask`: `bool[K, W]` or None."""

    where: tuple[Tensor, Tensor]
    observation: TensorTree
    mask: Tensor | None


class TeamNetworks(nn.Module):
    """`networks`: by module id. `modules`: that of each agent of the side, in its order; the first keeps the model."""

    def __init__(self, networks: Mapping[str, Network], modules: Sequence[str]) -> None:
        super().__init__()
        self.names = sorted(set(modules))
        self.agents = len(modules)
        self.places = {name: [at for at, one in enumerate(modules) if one == name] for name in self.names}
        self.networks = nn.ModuleList(networks[name] for name in self.names)  # ids have dots, keys may not
        self._first = self.names.index(modules[0])
        sizes = {name: networks[name].encoder.size for name in self.names}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise UserError(f"models: what is seen must become equally many features for all agents of a team: {told}")
        self.actions = max(action_width(networks[name].action) for name in self.names)
        self.features = int(next(iter(sizes.values())))

    @property
    def model(self) -> TeamModel:
        """The team model."""
        return cast(TeamModel, self.network(self.names[self._first]).team)

    def network(self, name: str) -> Network:
        """That of a module."""
        return cast(Network, self.networks[self.names.index(name)])

    def weights(self, by_module: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Weights by module and name as `torch.func.functional_call` of this module takes them."""
        return {
            f"networks.{self.names.index(name)}.{key}": value
            for name, weights in by_module.items()
            for key, value in weights.items()
        }

    def encoded(self, teams: int, seen: Mapping[str, Seen]) -> tuple[Tensor, Tensor]:
        """Features `[B, n, F]` of `teams` teams, and who acts `bool[B, n]`."""
        device = self.network(self.names[0]).device
        features = torch.zeros((teams, self.agents, self.features), device=device)
        acts = torch.zeros((teams, self.agents), dtype=torch.bool, device=device)
        for name, rows in seen.items():
            if len(rows.where[0]):
                features = features.index_put(rows.where, self.network(name).encoded(rows.observation))
                acts[rows.where] = True
        return features, acts

    def forward(
        self, teams: int, seen: Mapping[str, Seen], chosen: Tensor, steps: int = 1
    ) -> tuple[dict[str, Tensor], Any]:
        """What heads say of rows whose choices are known, by module `[K, D]`, and what the team model made of what all
        saw. `chosen`: `[B, n, A]`. With a memory, `teams` are matches of `steps` steps, match by match.
        """
        features, acts = self.encoded(teams, seen)
        model = self.model
        if not model.memory_size:
            looked, _ = model.look(features, acts, None)
            out = model.decide(looked, chosen)
        else:
            out, looked = self._step_by_step(features, acts, chosen, steps), None
        return {name: self.network(name).decided(out[rows.where], rows.mask) for name, rows in seen.items()}, looked

    def _step_by_step(self, features: Tensor, acts: Tensor, chosen: Tensor, steps: int) -> Tensor:
        """From an empty memory at the first step of every match."""
        model = self.model
        parts = [part.reshape(-1, steps, *part.shape[1:]).unbind(1) for part in (features, acts, chosen)]
        memory: Tensor | None = features.new_zeros((len(features) // steps, model.memory_size))
        out = []
        for seen, act, done in zip(*parts, strict=True):
            looked, memory = model.look(seen, act, memory)
            out.append(model.decide(looked, done))
        return torch.stack(out, 1).flatten(0, 1)
