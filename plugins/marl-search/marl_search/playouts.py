"""Random playouts: a position is worth what comes of playing at random from it."""

from __future__ import annotations

from dataclasses import replace

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
        bits = keys
        while len(lanes):
            if draw % 4 == 0:
                bits = rng.extend(keys, draw // 4)
            action = _drawn(game.legal(lanes), bits[lanes], draw % 4)
            rewards, done = game.advance(lanes, game.player[lanes], action)
            if done.any():
                earned[lanes] += rewards
                lanes = lanes[~done]
            elif rewards.any():
                earned[lanes] += rewards
            draw += 1
        return np.asarray(earned @ self.facts.sides)

    def _plainly(self, matches: Searchable, rows: Rows, lanes: Ints, keys: Keys) -> Floats:
        """The same in any environment."""
        spec = self.facts.spec
        earned, draw = np.zeros((len(lanes), len(spec.agents))), 0
        none: tuple[Rows | None, ...] = (None,) * len(spec.groups)
        turn = (*none[: rows.group], replace(rows, lane=lanes), *none[rows.group + 1 :])
        while len(lanes):
            actions = [None if one is None or not len(one) else _any(one, keys, draw, self.facts) for one in turn]
            step = matches.step(lanes, actions)
            earned[lanes] += step.rewards
            lanes, turn, draw = lanes[~step.done], step.turn, draw + 1
        return np.asarray(earned @ self.facts.sides)


def _any(rows: Rows, keys: Keys, draw: int, facts: Facts) -> Ints:
    return _drawn(facts.legal(rows), rng.extend(keys[rows.lane], draw // 4), draw % 4)


def _drawn(legal: Bools, bits: Keys, part: int) -> Ints:
    """One legal action of each row, `bool[K, A] -> int64[K]`, all with the same probability.

    Random `bits` `uint64[K]` are enough for four choices: `part` says which this is.
    """
    bits = (bits >> np.uint64(16 * part)) & np.uint64(0xFFFF)
    drawn = bits.view(np.int64)
    if legal.shape[1] > 8:
        place = (drawn * legal.sum(axis=1)) >> 16
        return np.asarray((legal.cumsum(axis=1) > place[:, None]).argmax(axis=1))
    byte = np.packbits(legal, axis=1)[:, 0]
    place = (drawn * _COUNT.take(byte)) >> 16
    return np.asarray(_NTH.reshape(-1).take(byte.astype(np.int64) * 8 + place))


_SETS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)  # the actions in each byte, the first one first
_COUNT = _SETS.sum(axis=1, dtype=np.int64)
_NTH = np.argsort(-_SETS.astype(np.int64), axis=1, kind="stable")
"""The first, second, ... legal action of each set of them, `int64[256, 8]`."""
