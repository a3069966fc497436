"""How the payoffs of a league come about: what is missing is asked of their source, and is in the ledger at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Any

import numpy as np

from league.ledger import Ledger
from league.payoffs import Payoffs
from league.payoffs.cells import Cell
from league.payoffs.joint import Joint
from league.payoffs.source import Asked, PayoffSource
from league.payoffs.table import Table
from league.player import Player
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

    def answer(self, iteration: int, cells: Callable[[], Sequence[Cell]], limit: int | None, seconds: float) -> None:
        """Fill what a strategy asks for, and ask again, until it lacks nothing, or `limit` matches are asked for.

        What is asked for in a round is a decision of the ledger before it is played. So a league that is killed in the
        middle of a round finishes that one, and never asks a strategy about a table that is half filled.
        """
        spent = 0
        for number in count():
            kind = f"cells {number}"
            decided = self.ledger.decisions(kind).get(iteration)
            if decided is None:
                left = None if limit is None else limit - spent
                asked = _within(self.table.lacking(cells(), self.source.matches), left)
                if not asked:
                    return
                plain: list[Any] = [[list(one.pairing), one.before, one.count] for one in asked]
                self.ledger.decide(kind, iteration, plain, seconds)
            else:
                plain = decided[0]
                asked = [self.table.of_ids(ids, more) for ids, before, more in plain if self.table.lacks(ids, before)]
            spent += sum(more for _, _, more in plain)
            self._take(asked)

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


def _within(asked: list[Asked], limit: int | None) -> list[Asked]:
    """The first of these that need no more than so many matches together."""
    if limit is None:
        return asked
    total = accumulate(one.count for one in asked)
    return [one for one, spent in zip(asked, total, strict=True) if spent <= limit]


def support(mixtures: Sequence[Array | Sequence[float]]) -> Bools:
    """The pairings that can happen under independent mixtures, `bool[n_0, n_1, ...]`."""
    used = np.ones((), dtype=np.bool_)
    for mixture in mixtures:
        used = np.logical_and.outer(used, np.asarray(mixture) > 0)
    return used
