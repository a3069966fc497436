"""OpenSpiel's Monte Carlo tree search as a policy for Connect Four: a scale for the strength of what was learned.

A policy sees rows, not states, so the position is rebuilt from the planes that it sees. That needs a game whose
observation says all there is to say; Connect Four's does, in `classic/connect_four` and in `openspiel/connect_four`.
Source: Coulom, "Efficient selectivity and backup operators in Monte-Carlo tree search", 2006; Kocsis and Szepesvari,
"Bandit based Monte-Carlo planning", ECML 2006 (UCT).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyspiel

from marl import rng, space
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.tree import flatten
from marl.types import Array, Keys

_PLANES = (3, 6, 7)  # x, o, empty, or mine, theirs, empty; lowest row first


@dataclass
class MCTSParams:
    """Parameters of the search."""

    simulations: int = 100
    """Simulations a move."""
    exploration: float = 2.0
    """UCT's constant."""

    def __post_init__(self) -> None:
        if self.simulations < 1:
            raise ValueError(f"simulations must be at least 1, not {self.simulations}")


class MCTS:
    """Searches anew for every move, with random playouts; solved subtrees are played perfectly."""

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None, params: MCTSParams | None = None) -> None:
        params = params or MCTSParams()
        fits = len(spec.groups) == 1 and spec.dynamics == "turns" and spec.groups[0].action == space.Discrete(7)
        if not fits or flatten(space.zeros(spec.groups[0].observation, 1)).shape != (1, math.prod(_PLANES)):
            raise UserError(
                "openspiel/mcts plays classic/connect_four and openspiel/connect_four only: "
                "elsewhere a position cannot be rebuilt from what a player sees"
            )
        self.game = pyspiel.load_game("connect_four")
        self.simulations, self.exploration = params.simulations, params.exploration

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Search for each of K rows; the playouts of a row follow from its key. `logp` is 0: a search has none."""
        boards = flatten(rows.observation).reshape(-1, *_PLANES)
        seeds = rng.integers(keys, 2**31 - 1).tolist()
        action = [self._search(board, seed) for board, seed in zip(boards, seeds, strict=True)]
        return Acts(np.array(action, dtype=np.int64), np.zeros(len(rows)))

    def _search(self, board: Array, seed: int) -> int:
        evaluator = pyspiel.RandomRolloutEvaluator(1, seed)
        bot = pyspiel.MCTSBot(self.game, evaluator, self.exploration, self.simulations, 100, True, seed, False)
        return int(bot.step(state_of(self.game, board)))


def state_of(game: Any, board: Array) -> Any:
    """The OpenSpiel state with the stones of planes `[3, 6, 7]`: of x, o and empty, or of mine, theirs and empty.

    Where there are as many of each, x moves and is first in either order; else x has more stones.
    """
    kinds = board.argmax(axis=0)
    first, second = int((kinds == 0).sum()), int((kinds == 1).sum())
    mover, marks = "x" if first == second else "o", "ox." if second > first else "xo."
    cells = [[marks[kind] for kind in row] for row in kinds.tolist()]
    content = {"board": cells, "current_player": mover, "is_terminal": False, "winner": ""}
    return game.new_initial_state(json.dumps(content))
