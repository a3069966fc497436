"""Connect Four on 6 rows and 7 columns. Actions are the columns; player 0 plays x, and begins unless that is drawn.

The planes that agents see are kept up to date cell by cell, so that an observation is a copy. Stones are also kept as
one 64-bit board per player (bit `8 * row + column`, the eighth column stays empty), so that four in a row is a few
shifts for all lanes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from marl.env import Frame, Lanes
from marl.games import TurnGame, turn_spec
from marl.games.drawing import BLUE, PAPER, RED, YELLOW, rect, svg
from marl.space import Box
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_classic.drawing import CELL, disc

ROWS, COLUMNS = 6, 7
CELLS = ROWS * COLUMNS
_BIT = np.uint64(1) << np.arange(64, dtype=np.uint64)
_STEPS = np.array([[1], [7], [8], [9]], dtype=np.uint64)  # to the next stone of a line, in each direction


_OWN = np.array([[0, 1, 2], [1, 0, 2]])
"""The order in which each agent sees the planes of `view: own`."""


@dataclass
class ConnectFourParams:
    """Parameters of Connect Four."""

    view: Literal["absolute", "own"] = "absolute"
    """absolute: planes of x, o and empty, as in OpenSpiel. own: my stones, theirs and empty, so that one network can
    play both sides alike."""
    first: Literal["player_0", "drawn"] = "player_0"
    """Who begins. drawn: chance says, so that with `view: own` the sides are alike, and a league has one population
    whose players play either."""


class ConnectFour(TurnGame):
    """Four in a row wins. Observations are planes `[3, 6, 7]`, lowest row first, in the order that `view` says."""

    planes: Array  # float32[lanes, 126]
    open: Bools  # bool[lanes, 7], which columns have room
    height: Ints  # int64[lanes, 7]
    stones: Keys  # uint64[lanes, 2], the board of each player
    begun: Bools  # bool[lanes], whether it is known who begins, where that is drawn

    def __init__(self, lanes: int, params: ConnectFourParams | None = None) -> None:
        params = params or ConnectFourParams()
        self._own, self._drawn = params.view == "own", params.first == "drawn"
        box = Box((3, ROWS, COLUMNS), 0, 1)
        known = {"zero_sum": True, "perfect_information": True, "deterministic": True}
        known["symmetric"] = self._own and self._drawn
        super().__init__(turn_spec(2, box, COLUMNS, max_length=CELLS, returns=(-1.0, 1.0), state=box, **known), lanes)

    def fields(self) -> dict[str, Any]:
        return {
            "planes": np.repeat(np.array([0, 0, 1], np.float32), CELLS),
            "open": np.ones(COLUMNS, np.bool_),
            "height": np.zeros(COLUMNS, np.int64),
            "stones": np.zeros(2, np.uint64),
        } | ({"begun": np.bool_(False)} if self._drawn else {})

    def chance(self, lanes: Lanes) -> Array | None:
        return np.where(self.begun[lanes, None], 0.0, (0.5, 0.5)) if self._drawn else None

    def happen(self, lanes: Lanes, outcome: Ints) -> None:
        self.player[lanes], self.begun[lanes] = outcome, True

    def legal(self, lanes: Lanes) -> Bools:
        return self.open.take(lanes, axis=0)

    def play(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        column = lanes * COLUMNS + action  # flat indices are several times faster than pairs of indices
        row = self.height.reshape(-1)[column]
        self.height.reshape(-1)[column] = row + 1
        self.open.reshape(-1)[column] = row < ROWS - 1
        planes, cell = self.planes.reshape(-1), lanes * (3 * CELLS) + row * COLUMNS + action
        planes[cell + agent * CELLS] = 1
        planes[cell + 2 * CELLS] = 0
        mine = lanes * 2 + agent
        board = self.stones.reshape(-1)[mine] | _BIT.take(row * 8 + action)
        self.stones.reshape(-1)[mine] = board
        self.player[lanes] = 1 - agent
        won = four_in_a_row(board)
        rewards, winners = np.zeros((len(lanes), 2)), won.nonzero()[0]
        if len(winners):
            rewards[winners], rewards[winners, agent[winners]] = -1.0, 1.0
        return rewards, won | (self.tick[lanes] == CELLS)

    def observe(self, lanes: Lanes, agent: Ints) -> Array:
        if not self._own:
            return self.state(lanes)
        which = lanes[:, None] * 3 + _OWN[agent]
        return self.planes.reshape(-1, CELLS).take(which, axis=0).reshape(-1, 3, ROWS, COLUMNS)

    def state(self, lanes: Lanes) -> Array:
        return self.planes.take(lanes, axis=0).reshape(-1, 3, ROWS, COLUMNS)

    def render(self, lane: int) -> Frame:
        kinds = self.planes[lane].reshape(3, ROWS, COLUMNS).argmax(axis=0)[::-1]
        words = "\n".join("".join("xo."[kind] for kind in row) for row in kinds)
        parts = [rect(0, 0, COLUMNS * CELL, ROWS * CELL, BLUE, 8)]
        parts += [disc(column, row, (RED, YELLOW, PAPER)[kind]) for (row, column), kind in np.ndenumerate(kinds)]
        return Frame(words, svg(COLUMNS * CELL, ROWS * CELL, parts))


def four_in_a_row(board: Keys) -> Bools:
    """Whether each board has four stones in a line, `uint64[L] -> bool[L]`."""
    pairs = board & (board >> _STEPS)
    pairs &= pairs >> (_STEPS + _STEPS)
    return np.not_equal(np.bitwise_or.reduce(pairs, axis=0), 0)
