"""The parameters of Gymnasium's environments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class GymnasiumParams:
    """Parameters of one environment.

    `parameters`: the environment's own, as for `gymnasium.make`, such as `{is_slippery: false}`; what is left out has
    Gymnasium's default. `max_steps`: the ticks after which a match is cut short; by default what Gymnasium says.
    `fresh`: make a new environment for each match, for one whose `reset` leaves something of the last match behind.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    fresh: bool = False


@dataclass
class AnyParams(GymnasiumParams):
    """`id`: what `gymnasium.make` takes; `"module:Id-v0"` imports a module that registers it. See `GymnasiumParams`."""

    id: str = "CartPole-v1"
