"""The uniform random policy."""

from __future__ import annotations

from marl.env import EnvSpec, Rows
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import log_volume, sample
from marl.types import Array, Keys


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
        return Acts(sample(space, keys, rows.mask), log_volume(space, rows.mask, len(rows)))
