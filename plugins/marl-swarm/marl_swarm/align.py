"""What a swarm can do without learning: everybody turns towards where those around it point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.registry.ranges import above
from marl.snapshot import Snapshot
from marl.types import Array, Keys
from marl_swarm.rule import RuleParams, rule_for, seen_of


@dataclass
class AlignParams:
    """How it aligns."""

    most: float = 0.2
    """From which angle on (in radians) it turns as much as it can; below, by the action that is nearest to its part."""

    def __post_init__(self) -> None:
        above(self, 0, "most")


class Align:
    """Turns towards the direction of those near. Raises UserError where agents do not see one."""

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None, params: AlignParams | None = None) -> None:
        rule = rule_for(spec, RuleParams())
        if rule.box.shape != (2,):
            raise UserError(f"swarm/align goes by a direction, two numbers, and agents here see {rule.box}")
        self._most, self._middle = (params or AlignParams()).most, (rule.actions - 1) / 2

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """The action of each of K rows; nothing is left to chance."""
        seen = seen_of(rows.observation)
        part = (np.arctan2(seen[:, 1], seen[:, 0]) / self._most).clip(-1, 1)
        return Acts(np.round(self._middle * (1 + part)).astype(np.int64), np.zeros(len(rows)))
