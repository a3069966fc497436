"""MAgent2's games, through marl-pettingzoo, with mean actions.

Source: Zheng et al., "MAgent: a many-agent reinforcement learning platform for artificial collective intelligence",
AAAI 2018 (demo); MAgent2, Farama Foundation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from marl_manyagent.with_means import WithMeans
from marl_pettingzoo.games import any_game
from marl_pettingzoo.params import AnyParams

_MODULES = {"battle": "battle_v4", "gather": "gather_v5", "adversarial_pursuit": "adversarial_pursuit_v4"}


@dataclass
class MAgent2Params:
    """Parameters of a game of MAgent2."""

    game: Literal["battle", "gather", "adversarial_pursuit"] = "battle"
    """Two armies; omnivores that compete for food (one side); predators and prey."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """The game's own, such as `{map_size: 25, max_cycles: 200}`; what is left out has MAgent2's default."""


class MAgent2(WithMeans):
    """Agents of one name (red, blue) are a side, and neighbours of each other. See `WithMeans` for what they see."""

    def __init__(self, lanes: int, params: MAgent2Params | None = None) -> None:
        params = params or MAgent2Params()
        target = f"magent2.environments.{_MODULES[params.game]}:parallel_env"
        super().__init__(any_game(lanes, AnyParams(parameters=params.parameters, teams="prefix", target=target)))
