"""Random playouts: a position is worth what comes of playing at random from it."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.env import Rows, Searchable
from marl.games import TurnGame
from marl.types import Bools, Floats, Ints, Keys
from marl_search.evaluator import Judged
from marl_search.game import Facts


class Playouts:
    """One random playout for each position. Source: Coulom, "Efficient selectivity and backup operators", CG 2006."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._matches: Searchable | None = None

    def judge(self, matches: Searchable, rows: Rows, keys: Keys) -> Judged:
        """See `Evaluator`. There are no priors."""
        count = len(rows)
        if self._matches is None or self._matches.lanes < count:
            self._matches = matches.sized(count)
        copies, lanes = self._matches, np.arange(count)
        copies.copy_from(matches, rows.lane, lanes)
        keys = rng.extend(keys, 1)
        if isinstance(copies, TurnGame):
            return Judged(self.facts.scaled(self._quickly(copies, lanes, keys)), None)
        return Judged(self.facts.scaled(self._plainly(copies, rows, lanes, keys)), None)

    def _quickly(self, game: TurnGame, lanes: Ints, keys: Keys) -> Floats:
        """What every side earns, `float64[K, S]`, in a vectorised game: nobody looks, so nothing is shown."""
        earned, draw = np.zeros((len(lanes), len(self.facts.spec.agents))), 0
        while len(lanes):
            agent = game.player[lanes]
            rewards, done = game.advance(lanes, agent, _drawn(game.legal(lanes), keys[lanes], draw))
            earned[lanes] += rewards
            lanes, draw = lanes[~done], draw + 1
        return np.asarray(earned @ self.facts.sides)

    def _plainly(self, matches: Searchable, rows: Rows, lanes: Ints, keys: Keys) -> Floats:
        """The same in any environment."""
        spec = self.facts.spec
        earned, draw = np.zeros((len(lanes), len(spec.agents))), 0
        none: tuple[Rows | None, ...] = (None,) * len(spec.groups)
        turn = (*none[: rows.group], Rows(lanes, *_rest(rows)), *none[rows.group + 1 :])
        while len(lanes):
            actions = [
                None if one is None or not len(one) else _any(one, keys, draw, self.facts.actions) for one in turn
            ]
            step = matches.step(lanes, actions)
            earned[lanes] += step.rewards
            lanes, turn, draw = lanes[~step.done], step.turn, draw + 1
        return np.asarray(earned @ self.facts.sides)


def _rest(rows: Rows) -> tuple[object, ...]:
    return rows.agent, rows.observation, rows.mask, rows.first, rows.group


def _any(rows: Rows, keys: Keys, draw: int, actions: int) -> Ints:
    mask = np.ones((len(rows), actions), dtype=np.bool_) if rows.mask is None else rows.mask
    return _drawn(mask, keys[rows.lane], draw)


def _drawn(legal: Bools, keys: Keys, draw: int) -> Ints:
    """One legal action of each row, `bool[K, A] -> int64[K]`, all with the same probability."""
    place = rng.uniform(keys, draw) * legal.sum(axis=1)
    return np.asarray((legal.cumsum(axis=1) > place[:, None]).argmax(axis=1))
