"""Exact payoffs: expected returns from realisation plans, a whole row of the table in one sparse product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import Asked, shared
from league.services import LeagueServices
from marl.errors import UserError
from marl.types import Array, Bools, Floats, Ints


class ExactPayoffs:
    """Payoffs of a game with a sequence form. Each one's value is the same however many are asked for at once."""

    matches = 0

    def __init__(self, services: LeagueServices) -> None:
        try:
            self.game = services.exact()
        except UserError as error:
            raise UserError(f"payoffs.source: exact is asked for, but {error}") from error
        self.zero_sum = services.spec.zero_sum and self.game.sides == 2
        self._plans = [np.zeros((16, player.sequences)) for player in self.game.form.players]  # one below the other
        self._rows: list[dict[str, int]] = [{} for _ in self._plans]  # snapshot -> where its plan is

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """See `PayoffSource.fill`."""
        pairings = np.array([one.pairing for one in asked])
        cells, rows = np.empty(pairings.shape, dtype=np.int64), []
        for side in range(self.game.sides):
            _, some, cells[:, side] = np.unique(pairings[:, side], return_index=True, return_inverse=True)
            rows.append(np.array([self._row(side, asked[index].snapshots[side]) for index in some.tolist()]))
        left = np.zeros([len(one) for one in rows], dtype=np.bool_)
        left[tuple(cells.T)] = True
        filled = np.full((self.game.sides, *left.shape), np.nan)
        while left.any():
            self._fill_line(left, filled, rows)
        means, nothing = shared(filled[:, *cells.T].T, pairings).tolist(), (0.0,) * self.game.sides
        yield [PayoffRow(one.pairing, 0, EXACT, tuple(mean), nothing) for one, mean in zip(asked, means, strict=True)]

    def _fill_line(self, left: Bools, filled: Floats, rows: list[Ints]) -> None:
        """Fill the line of the table, along any one side, that lacks the most cells. `rows`: of the plans, by side."""
        sides = self.game.sides
        lacking = [left.sum(axis=side) for side in range(sides)]
        along = int(np.argmax([counts.max() for counts in lacking]))
        where = np.unravel_index(int(lacking[along].argmax()), lacking[along].shape)
        fixed = [int(index) for index in where]
        fixed.insert(along, 0)  # not read
        line: Any = (*fixed[:along], slice(None), *fixed[along + 1 :])
        own = np.flatnonzero(left[line])
        plans = [self._plans[side][rows[side][index]] for side, index in enumerate(fixed)]
        for of in range(1 if self.zero_sum else sides):
            gradient = self.game.form.gradient(along, plans, of)
            filled[of][line][own] = _rowwise(self._plans[along], rows[along][own], gradient)
        if self.zero_sum:
            filled[1][line][own] = -filled[0][line][own]
        left[line] = False

    def _row(self, side: int, snapshot: str) -> int:
        """Where the plan of a snapshot is among those of its side."""
        known = self._rows[side]
        if snapshot not in known:
            if len(known) == len(self._plans[side]):
                self._plans[side] = np.concatenate([self._plans[side], np.zeros_like(self._plans[side])])
            self._plans[side][len(known)] = self.game.plan(side, snapshot)
            known[snapshot] = len(known)
        return known[snapshot]


def _rowwise(stack: Floats, rows: Array, gradient: Floats) -> Floats:
    """`stack[rows] @ gradient`, summed row by row: unlike a matrix product, it rounds the same for any set of rows."""
    return np.asarray((stack[rows] * gradient).sum(axis=1))
