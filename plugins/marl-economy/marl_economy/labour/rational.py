"""A worker of the economy of effort who does what is best for it."""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Discrete
from marl.types import Array, Keys
from marl_economy.labour.labour import FIRST_RATE
from marl_economy.society import PLANNER, WORKERS


class Rational:
    """Makes the effort with the highest payoff; of equals, the least. Raises UserError where the game is another."""

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        if "output" not in spec.info or not isinstance(spec.groups[WORKERS].action, Discrete):
            raise UserError("economy/rational works in economy/labour alone")
        brackets = len(getattr(spec.groups[PLANNER].action, "nvec", ()))
        self.first = FIRST_RATE + 2 * brackets

    def memory(self, rows: int) -> Array | None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `marl.policy.Policy`."""
        if rows.group != WORKERS:
            raise UserError("a worker was asked for taxes: it plays side 1 of an economy, and a planner plays side 0")
        payoffs = np.round(np.asarray(rows.observation, dtype=float)[:, self.first :], 5)
        return Acts(payoffs.argmax(axis=1), np.zeros(len(rows)))
