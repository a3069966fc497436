"""The simplest deterministic policy: always the first legal action."""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Discrete
from marl.types import Array, Floats, Keys


class First:
    """Plays the legal action with the lowest number. For discrete actions; raises UserError for others."""

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        for group in spec.groups:
            if not isinstance(group.action, Discrete):
                raise UserError(f"marl/first needs discrete actions, and those of {group.name!r} are {group.action}")
        self._sizes = [group.action.n for group in spec.groups if isinstance(group.action, Discrete)]

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """The first legal action of each of K rows."""
        action = np.zeros(len(rows), dtype=np.int64) if rows.mask is None else rows.mask.argmax(axis=1)
        return Acts(action, np.zeros(len(rows)))

    def probabilities(self, rows: Rows) -> Floats:
        """One for the first legal action, `float64[K, A]`."""
        table = np.zeros((len(rows), self._sizes[rows.group]))
        table[np.arange(len(rows)), self.act(rows, None, np.zeros(0, np.uint64)).action] = 1.0
        return table
