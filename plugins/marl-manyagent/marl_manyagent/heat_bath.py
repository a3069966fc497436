"""The exact sampler of the Ising model as a player: every spin is drawn given its neighbours, at a temperature.

Source: Glauber, "Time-dependent statistics of the Ising model", Journal of Mathematical Physics 4 (1963).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Discrete, Tree
from marl.types import Array, Floats, Keys
from marl_manyagent.neighbours import MEAN


@dataclass
class HeatBathParams:
    """Parameters of the sampler."""

    temperature: float = 1.0
    """In units of what agents earn: half of what it is in units of J / k_B."""
    coupling: float = 1.0
    """That of the game."""
    field: float = 0.0
    """That of the game."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, not {self.temperature}")


class HeatBath:
    """See above. Raises UserError where the game is another."""

    def __init__(self, spec: EnvSpec, params: HeatBathParams | None = None, snapshot: Snapshot | None = None) -> None:
        (group, *others) = spec.groups
        seen = group.observation
        if others or group.action != Discrete(2) or not isinstance(seen, Tree) or set(seen.fields) != {"spin", MEAN}:
            raise UserError("manyagent/heat_bath plays manyagent/ising alone")
        self._params = params or HeatBathParams()

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def probabilities(self, rows: Rows) -> Floats:
        """Of down and up, `float64[K, 2]`."""
        params, up = self._params, np.asarray(rows.observation[MEAN], dtype=np.float64)[:, 1]
        worth = params.field + 0.5 * params.coupling * 4 * (2 * up - 1)
        high = 1 / (1 + np.exp(-2 * worth / params.temperature))
        return np.stack([1 - high, high], axis=1)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Draw K spins."""
        table = self.probabilities(rows)
        action = rng.choose(keys, table)
        return Acts(action, np.log(table[np.arange(len(action)), action]))
