"""How the payoffs of a league come about: what is missing is asked of their source, and is in the ledger at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from league.ledger import Ledger
from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from league.payoffs.source import Asked, PayoffSource
from league.payoffs.table import Table
from league.population.player import Player
from marl.types import Array, Bools


@dataclass
class Filling:
    """The payoffs of a ledger, and where the others come from. `join` all players before `read`."""

    ledger: Ledger
    source: PayoffSource
    table: Table

    def read(self) -> None:
        """Take what the ledger has; once, when all its players have joined."""
        self.table.add(self.ledger.payoffs())

    def join(self, id: int, player: Player) -> None:
        """Make room for a player."""
        self.table.join(id, player)

    @property
    def payoffs(self) -> Payoffs:
        """All payoffs as they stand."""
        return self.table.payoffs

    def fill(self, asked: Bools | None = None) -> None:
        """Play what nobody has played: all of it, or what is asked for, `bool[n_0, n_1, ...]`."""
        self._take(self.table.asked(self.table.missing(asked), self.source.matches))

    def _take(self, asked: list[Asked]) -> None:
        for rows in self.source.fill(asked) if asked else ():
            self.ledger.add_payoffs(rows)
            self.table.add(rows)

    def worth(
        self, mixtures: Sequence[Array | Sequence[float]], joint: Joint | None = None
    ) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
        """What a side of each population earns under the mixtures, and half its 95 % interval; None: unknown.

        The pairings that can happen under them are filled in first.
        """
        self.fill(support(self.payoffs.by_side(mixtures)) if joint is None else joint.weights > 0)
        payoffs = self.payoffs
        values, halves = payoffs.expected(mixtures) if joint is None else payoffs.expected_joint(joint)
        margins = tuple(half if math.isfinite(half) else None for half in halves.tolist())
        return tuple(values.tolist()), margins


def support(mixtures: Sequence[Array | Sequence[float]]) -> Bools:
    """The pairings that can happen under independent mixtures, `bool[n_0, n_1, ...]`."""
    used = np.ones((), dtype=np.bool_)
    for mixture in mixtures:
        used = np.logical_and.outer(used, np.asarray(mixture) > 0)
    return used
