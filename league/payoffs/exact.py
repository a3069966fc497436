"""Exact payoffs: expected returns from realisation plans, a whole row of the table in one sparse product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from league.ledger import EXACT, PayoffRow
from league.payoffs.source import Members, shared
from marl.solver import ExactGame
from marl.types import Array, Bools, Floats


class ExactPayoffs:
    """Fills the table from an exact game. Each cell's value is the same however many are filled at once."""

    def __init__(self, game: ExactGame, zero_sum: bool) -> None:
        self.game = game
        self.zero_sum = zero_sum and game.sides == 2
        self._stacks = [np.zeros((0, player.sequences)) for player in game.form.players]
        self._sizes = [0] * game.sides

    def fill(self, members: Members, missing: Bools) -> Iterator[list[PayoffRow]]:
        """See `PayoffSource.fill`."""
        for side, players in enumerate(members):
            for _, player in players[self._sizes[side] :]:
                self._push(side, self.game.plan(side, player.snapshot))
        filled = np.full((self.game.sides, *missing.shape), np.nan)
        left = missing.copy()
        while left.any():
            self._fill_line(left, filled)
        rows = []
        for cell in np.argwhere(missing).tolist():
            pairing = tuple(members[side][index][0] for side, index in enumerate(cell))
            inside: Any = (slice(None), *cell)
            mean = shared(filled[inside][None], np.array([pairing]))[0]
            rows.append(PayoffRow(pairing, 0, EXACT, tuple(mean.tolist()), (0.0,) * self.game.sides))
        yield rows

    def _fill_line(self, left: Bools, filled: Floats) -> None:
        """Fill the line of the table, along any one side, that lacks the most cells."""
        sides = self.game.sides
        lacking = [left.sum(axis=side) for side in range(sides)]
        along = int(np.argmax([counts.max() for counts in lacking]))
        where = np.unravel_index(int(lacking[along].argmax()), lacking[along].shape)
        fixed = [int(index) for index in where]
        fixed.insert(along, 0)  # not read
        line: Any = (*fixed[:along], slice(None), *fixed[along + 1 :])
        own = np.flatnonzero(left[line])
        stack = self._stacks[along]
        plans = [self._stacks[side][index] for side, index in enumerate(fixed)]
        for of in range(1 if self.zero_sum else sides):
            gradient = self.game.form.gradient(along, plans, of)
            filled[of][line][own] = _rowwise(stack, own, gradient)
        if self.zero_sum:
            filled[1][line][own] = -filled[0][line][own]
        left[line] = False

    def _push(self, side: int, plan: Floats) -> None:
        size = self._sizes[side]
        if size == len(self._stacks[side]):
            grown = np.zeros((max(16, 2 * size), len(plan)))
            grown[:size] = self._stacks[side][:size]
            self._stacks[side] = grown
        self._stacks[side][size] = plan
        self._sizes[side] += 1


def _rowwise(stack: Floats, rows: Array, gradient: Floats) -> Floats:
    """`stack[rows] @ gradient`, summed row by row: unlike a matrix product, it rounds the same for any set of rows."""
    return np.asarray((stack[rows] * gradient).sum(axis=1))
