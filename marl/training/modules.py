"""Modules: what each network of an algorithm is, and for whom it plays; descriptions that travel between processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from marl.env import EnvSpec, Group
from marl.errors import UserError, suggestion
from marl.space import Space
from marl.training.networks import Heads, ModelConfig, Network, Sharing, module_ids
from marl.training.networks.build import fresh, seen_space
from marl.training.networks.encoder import images
from marl.training.networks.team_model import TeamSize, team_sizes
from marl.training.networks.trial import try_model


@dataclass(frozen=True)
class Team:
    """A side, for who learns of it as a whole: the module of each of its agents, and its environment's true state."""

    name: str
    modules: tuple[str, ...]
    state: Space | None


def team_name(side: int) -> str:
    """What a side is called where its agents are learned from together."""
    return f"side{side}"


@dataclass(frozen=True)
class ModuleSpec:
    """What one module is: what it sees, how it acts, and the shape of its network. Cheap to send to another process.

    `teams`: the sides for which it plays. `size`: that of the team whose model it keeps, if any.
    """

    observation: Space
    action: Space
    model: ModelConfig
    heads: Heads = Heads()
    teams: tuple[Team, ...] = ()
    size: TeamSize | None = None

    def build(self, seed: int, name: str) -> Network:
        """A fresh network. Its weights follow from the seed and the module's id, whatever was drawn before."""
        return fresh(self.observation, self.action, self.model, seed, name, self.heads, self.size)


def module_specs(
    spec: EnvSpec,
    model: ModelConfig,
    sharing: Sharing,
    sides: Collection[int],
    models: Mapping[str, ModelConfig] | None = None,
    heads: Heads | None = None,
) -> dict[str, ModuleSpec]:
    """The modules that serve these sides, by id (see `marl.training.networks.module_ids`).

    `models`: those of groups whose model is not `model`. Raises UserError for unknown groups, and for a cnn that has
    no image to look at; RunError for a plugin's model that does not do what one must.
    """
    known = [group.name for group in spec.groups]
    for name in models or {}:
        if name not in known:
            raise UserError(f"models: no group is called {name!r}{suggestion(name, known)}")
    ids, result = module_ids(spec, sharing), {}
    teams = [
        Team(team_name(side), tuple(ids[agent] for agent in spec.sides[side]), spec.state) for side in sorted(sides)
    ]
    sizes = team_sizes(spec, ids, sides) if heads and heads.team else {}
    for agent, name in enumerate(ids):
        if spec.side_of[agent] in sides:
            group = spec.groups[spec.group_of[agent]]
            own = (models or {}).get(group.name, model)
            if name not in result:
                _check(own, group)
            mine = tuple(team for team in teams if name in team.modules)
            seen, size = seen_space(group, own), sizes.get(name)
            result[name] = ModuleSpec(seen, group.action, own, heads or Heads(), mine, size)
    return result


def _check(model: ModelConfig, group: Group) -> None:
    if model.kind == "cnn" and not images(group.observation):
        raise UserError(
            f"model.kind: a cnn needs an observation of three axes ({model.layout}), and group {group.name!r} shows "
            f"only {group.observation}; give it a model of its own, such as models: {{{group.name}: {{kind: mlp}}}}"
        )
    try_model(seen_space(group, model), model)
