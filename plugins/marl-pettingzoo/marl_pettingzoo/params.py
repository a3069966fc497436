"""The parameters of the environments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Params:
    """Parameters of one environment.

    `parameters`: the environment's own, such as `{N: 5}`; what is left out has PettingZoo's default. `teams`: how the
    agents form sides: "auto" (what suits the environment), "each", "all", "prefix" (agents whose names differ in
    their number alone), or lists of agents' names. `max_length`: ticks after which a match is cut short; None leaves
    that to the environment. `fresh`: make a new environment for each match, for one whose `reset` leaves something of
    the last match behind.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    teams: str | list[list[str]] = "auto"
    max_length: int | None = None
    fresh: bool = False


@dataclass
class AnyParams(Params):
    """`target`: `"package.module:constructor"` of a PettingZoo environment; the others are those of `Params`."""

    target: str = "mpe2.simple_spread_v3:parallel_env"
