"""What an agent sees as a vector: what is near it, after `featurize_state` of overcooked-ai, without tomatoes."""

from __future__ import annotations

import numpy as np

from marl.space import Box
from marl.types import Array, Ints
from marl_coop.overcooked.kitchens import COUNTER, DISHES, FLOOR, ONIONS, POT, SERVING, Kitchen
from marl_coop.overcooked.layers import order_of
from marl_coop.overcooked.routes import NEVER, distances
from marl_coop.overcooked.rules import COOKING, DISH, FULL, ONION, READY, SOUP

POTS = 2  # so many of the nearest pots are shown
_OWN = 22 + 9 * POTS


class Features:
    """`float32[42 N]`: 40 numbers of the agent itself, then of each other; where the others are from it; where it is.

    The 40: which way it faces: north, south, east, west; whether it holds an onion, a soup, a dish; the way `(x, y)`
    to the nearest onions, dish, soup on a counter, and how many onions are in that; the way to where soup is served,
    and to an empty counter; of the two nearest pots, whether there is one, it is empty, full, cooking, ready, how
    many onions are in it, how long it still cooks, and the way to it; and whether it cannot go north, south, east,
    west. Nearest is what takes the fewest actions; what is held, or cannot be reached, is 0 away.
    """

    def __init__(self, kitchen: Kitchen, cook_time: int, steps: int) -> None:
        self._cook_time, self._order = cook_time, order_of(kitchen.agents)
        self._at = kitchen.at(np.arange(kitchen.cells)).astype(np.float32)
        self._pots, self._place = kitchen.where(POT), kitchen.place
        self._counter = (kitchen.place == COUNTER).astype(np.int8)
        self._far = (2 * distances(kitchen) + self._counter).astype(np.int16)  # of two as near, counters are farther
        self._walls = (kitchen.place[kitchen.ahead()] != FLOOR).astype(np.float32)
        widest = max(kitchen.width, kitchen.height, cook_time)
        self.space = Box(((_OWN + 2) * kitchen.agents,), -widest, widest)

    def __call__(self, cell: Ints, facing: Ints, held: Ints, content: Array, cooked: Ints, tick: Ints) -> Array:
        """What all agents see, `[L, N, 42 N]`: of `cell`, `facing` and `held` `[L, N]`, `content` `[L, C]`,
        `cooked` `[L, P]` and `tick` `[L]`."""
        lanes, agents = cell.shape
        content, cooked = np.repeat(content, agents, axis=0), np.repeat(cooked, agents, axis=0)
        own = self._own(cell.reshape(-1), facing.reshape(-1), held.reshape(-1), content, cooked)
        at = self._at[cell][:, self._order]  # [L, N, N, 2]
        parts = (own.reshape(lanes, agents, -1)[:, self._order], at[:, :, 1:] - at[:, :, :1], at[:, :, 0])
        return np.concatenate([part.reshape(lanes, agents, -1) for part in parts], axis=2)

    def _own(self, cell: Ints, facing: Ints, held: Ints, content: Array, cooked: Ints) -> Array:
        """What there is to say of one agent of each row, `float32[K, 40]`."""
        far, here, place = self._far[cell, facing], self._at[cell], self._place
        lying = content * self._counter
        onion, dish, soup = held == ONION, held == DISH, held >= SOUP
        there = (
            ((place == ONIONS) | (lying == ONION)) & ~onion[:, None],
            ((place == DISHES) | (lying == DISH)) & ~dish[:, None],
            (lying >= SOUP) & ~soup[:, None],
            np.broadcast_to(place == SERVING, lying.shape),
            self._counter > lying,
        )
        nearest = [np.where(one, far, 2 * NEVER).argmin(axis=1) for one in there]
        each = np.arange(len(cell))
        reached = [one[each, cells] & (far[each, cells] < 2 * NEVER) for one, cells in zip(there, nearest, strict=True)]
        ways = [
            np.where(is_so[:, None], self._at[cells] - here, 0) for is_so, cells in zip(reached, nearest, strict=True)
        ]
        bowl = np.where(soup, held, np.where(reached[2], lying[each, nearest[2]], 0))
        hands = np.stack([onion, soup, dish, np.maximum(bowl - SOUP + 1, 0)], axis=1).astype(np.float32)
        turned = np.eye(4, dtype=np.float32)[facing]
        pots = self._near_pots(far, here, content, cooked)
        return np.concatenate(
            [turned, hands[:, :3], *ways[:3], hands[:, 3:], *ways[3:], *pots, self._walls[cell]], axis=1
        )

    def _near_pots(self, far: Ints, here: Array, content: Array, cooked: Ints) -> list[Array]:
        """The nearest pots, `float32[K, 9]` each; all 0 where there is none that can be reached."""
        away = far[:, self._pots]
        order = np.argsort(away, axis=1, kind="stable")
        shown, each = [], np.arange(len(here))
        for rank in range(POTS):
            if rank >= len(self._pots):
                shown.append(np.zeros((len(here), 9), np.float32))
                continue
            number = order[:, rank]
            code = content[each, self._pots[number]].astype(np.int64)
            cooking, ready = (code >= COOKING) & (code < READY), code >= READY
            onions = np.where(ready, code - READY + 1, np.where(cooking, code - COOKING + 1, code))
            left = np.where(cooking, self._cook_time - cooked[each, number], 0)
            way = self._at[self._pots[number]] - here
            pot = [np.ones_like(code), code == 0, code >= FULL, cooking, ready, onions, left, way[:, 0], way[:, 1]]
            there = away[each, number, None] < 2 * NEVER
            shown.append(np.where(there, np.stack(pot, axis=1), 0).astype(np.float32))
        return shown
