"""A worker of the town who follows a rule: gather what is missing, build, and rest where another house does not pay.

A house pays where `(1 - rate) pay coin^-eta` is more than the cost of its labour. The rule trades with nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.registry.ranges import at_least
from marl.snapshot import Snapshot
from marl.types import Array, Keys
from marl_economy.society import WORKERS
from marl_economy.town.town import BUILD, REST, STONE, WOOD


@dataclass
class BuilderParams:
    """Parameters of the rule."""

    house_cost: float = 1.6
    """What a house costs in utility: its labour, times the game's `labour_cost`."""

    def __post_init__(self) -> None:
        at_least(self, 0, "house_cost")


class Builder:
    """See above. Raises UserError where the game is another."""

    def __init__(self, spec: EnvSpec, params: BuilderParams | None = None, snapshot: Snapshot | None = None) -> None:
        if len(spec.groups) < 2 or getattr(spec.groups[WORKERS].action, "n", 0) <= BUILD or "tax" not in spec.info:
            raise UserError("economy/builder works in economy/town alone")
        self.cost = (params or BuilderParams()).house_cost

    def memory(self, rows: int) -> Array | None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `marl.policy.Policy`."""
        if rows.group != WORKERS:
            raise UserError("a builder was asked for taxes: it plays side 1 of a town, and a planner plays side 0")
        seen = np.asarray(rows.observation, dtype=float)
        wood, stone, pay, rate, worth = seen[:, 2], seen[:, 3], 10 * seen[:, 5], seen[:, 7], seen[:, 8]
        assert rows.mask is not None
        action = np.where(rows.mask[:, BUILD], BUILD, np.where(wood <= stone, WOOD, STONE))
        action = np.where((1 - rate) * pay * worth > self.cost, action, REST)
        return Acts(action, np.zeros(len(rows)))
