"""The uniform random policy."""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Box, Discrete, log_volume, sample
from marl.types import Array, Floats, Keys


class Random:
    """Plays every legal action with the same probability, in any action space (unbounded boxes: standard normal)."""

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        self._spaces = [group.action for group in spec.groups]

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Draw an action for each of K rows."""
        space = self._spaces[rows.group]
        action = sample(space, keys, rows.mask)
        if isinstance(space, Box) and not space.bounded:
            density = -0.5 * (np.square(action, dtype=np.float64) + np.log(2 * np.pi))
            return Acts(action, density.reshape(len(rows), -1).sum(axis=1))
        return Acts(action, log_volume(space, rows.mask, len(rows)))

    def probabilities(self, rows: Rows) -> Floats:
        """The same for every legal action, `float64[K, A]`. Raises UserError where actions are not discrete."""
        space = self._spaces[rows.group]
        if not isinstance(space, Discrete):
            raise UserError(f"only discrete actions have a table of probabilities, and these are {space}")
        mask = np.ones((len(rows), space.n), dtype=np.bool_) if rows.mask is None else rows.mask
        return np.asarray(mask / mask.sum(axis=1, keepdims=True))
