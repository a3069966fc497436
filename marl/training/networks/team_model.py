"""Team models: what stands between the encoders of a team's agents and their heads. The hook is `marl_team_models`.

What an agent sees goes through its own encoder; the team model has the features of all agents of a side, and gives
each of them features for its own head. So agents may hear what teammates say, or decide by what others have decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

from torch import Tensor, nn

from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry import TEAM_MODELS, load_registry
from marl.space import Space
from marl.training.networks.features import leaf_spaces, width
from marl.training.networks.heads import TeamPart


@dataclass(frozen=True)
class TeamSize:
    """n `agents`, and A numbers that say what one of them chose (`actions`, of whoever needs most; the others' are
    padded with zeros)."""

    agents: int
    actions: int


@runtime_checkable
class TeamModel(Protocol):
    """A torch module over B teams of n agents, in the order of the side, with F features of each.

    Rows of agents that have no turn (`acts` False) are zero, and what comes out of them means nothing. `memory_size`:
    how many numbers a team remembers from one of its steps to the next; 0 for none.
    """

    memory_size: int

    def look(self, features: Tensor, acts: Tensor, memory: Tensor | None) -> tuple[Any, Tensor | None]:
        """What follows from what all see: `[B, n, F]`, `bool[B, n]`, `[B, M]` -> what `decide` needs, and `[B, M]`."""

    def stages(self, looked: Any, acts: Tensor) -> Tensor:
        """When each agent decides, `int64[B, n]`: after all whose choices it goes by."""

    def decide(self, looked: Any, chosen: Tensor) -> Tensor:
        """The features `[B, n, F]` of each agent's head. `chosen`: `[B, n, A]`, zero of who has not decided yet."""


def team_model(part: TeamPart, size: TeamSize, features: int) -> nn.Module:
    """What `part` names. Raises UserError for one that does not fit."""
    made = load_registry().make(TEAM_MODELS, part.kind, part.params, size=size, features=features)
    return cast(nn.Module, made)


def action_width(action: Space) -> int:
    """How many numbers say what was chosen: choices one-hot, real ones as they are."""
    return sum(width(leaf) for _, leaf in leaf_spaces(action))


def team_sizes(spec: EnvSpec, ids: Sequence[str], sides: Collection[int]) -> dict[str, TeamSize]:
    """The modules that keep the team models of these sides: the first agent's of each. `ids`: each agent's module.

    Raises UserError where one would have to serve teams of several sizes.
    """
    result: dict[str, TeamSize] = {}
    for side in sorted(sides):
        agents = spec.sides[side]
        actions = max(action_width(spec.groups[spec.group_of[agent]].action) for agent in agents)
        size = TeamSize(len(agents), actions)
        if result.setdefault(ids[agents[0]], size) != size:
            raise UserError("sharing: all: the sides are of different sizes, so their teams share nothing; use side")
    return result


def sizes_known(spec: EnvSpec, ids: Sequence[str], modules: Mapping[str, Any]) -> dict[str, TeamSize]:
    """The same of all sides whose modules, as a snapshot describes them, are all there; nothing without team models."""
    if not any("team" in module.get("heads", {}) for module in modules.values()):
        return {}
    sides = [side for side, agents in enumerate(spec.sides) if all(ids[agent] in modules for agent in agents)]
    return team_sizes(spec, ids, sides)
