"""What soldiers see: the cells around them, how the battle stands, and what their neighbours just did.

Windows are cut out of maps with a border, by index; those of army 1 are read backwards, which turns them by half
a turn.
"""

from __future__ import annotations

import numpy as np

from marl.space import Box, Tree
from marl.types import Array, ArrayTree, Ints
from marl_manyagent.battle.rules import ACTIONS, HEALTH, Army
from marl_manyagent.neighbours import MEAN, shares

SELF = 7  # numbers that a soldier knows of itself and of the battle


class Sight:
    """`view`: how far soldiers see, in cells. `reach`: how far off neighbours are, whose actions they are shown."""

    def __init__(self, size: int, view: int, reach: int) -> None:
        self.size, self.view, self.border = size, view, max(view, reach)
        self.width = size + 2 * self.border
        self._wall = np.full((self.width, self.width), HEALTH, dtype=np.uint8)
        inside = slice(self.border, self.border + size)
        self._wall[inside, inside] = 0
        self._window, self._near = self._offsets(view), self._offsets(reach)
        self._near = self._near[self._near != 0]  # nobody is its own neighbour

    @property
    def space(self) -> Tree:
        """`view`: walls, own army's health, the other's. `self`: see `_self`. And the mean action."""
        across = 2 * self.view + 1
        cells = Box((3, across, across), 0, HEALTH, "uint8")
        return Tree({"view": cells, "self": Box((SELF,), -1.0, 1.0), MEAN: Box((ACTIONS,), 0.0, 1.0)})

    def __call__(self, army: Army, last: Ints, lane: Ints, agent: Ints) -> ArrayTree:
        """What `agent[K]` of `lane[K]` see. `last`: `int64[L, N]`, what everybody just did, or -1."""
        half, cells = army.half, self.width**2
        enemy = agent >= half
        sign = 1 - 2 * enemy.astype(np.int64)
        place = (army.y[lane, agent] + self.border) * self.width + army.x[lane, agent] + self.border
        own = (lane * 2 + enemy) * cells + place
        other = (lane * 2 + 1 - enemy) * cells + place
        health, did = self._maps(army, last)
        window = sign[:, None] * self._window
        view = np.empty((len(lane), 3, len(self._window)), dtype=np.uint8)
        self._wall.take(place[:, None] + window, out=view[:, 0])
        health.take(own[:, None] + window, out=view[:, 1])
        health.take(other[:, None] + window, out=view[:, 2])
        codes = did.take(own[:, None] + sign[:, None] * self._near)
        across = 2 * self.view + 1
        return {
            "view": view.reshape(-1, 3, across, across),
            "self": self._self(army, lane, agent),
            MEAN: shares(codes, ACTIONS),
        }

    def _maps(self, army: Army, last: Ints) -> tuple[Array, Array]:
        """The health of both armies, `uint8[L * 2 * cells]`, and 1 and what they did, 0 where nobody did anything."""
        lane, who = np.nonzero(army.health > 0)
        row, column = army.y[lane, who] + self.border, army.x[lane, who] + self.border
        place = ((lane * 2 + (who >= army.half)) * self.width + row) * self.width + column
        maps = np.zeros((2, len(army.x) * 2 * self.width**2), dtype=np.uint8)
        maps[0, place] = army.health[lane, who]
        maps[1, place] = last[lane, who] + 1
        return maps[0], maps[1]

    def _self(self, army: Army, lane: Ints, agent: Ints) -> Array:
        """Health, place (two), the living of both armies, and where the middle of the other army is (two)."""
        half, alive = army.half, army.health > 0
        enemy = (agent >= half).astype(np.int64)
        sign, middle = 1 - 2 * enemy, 0.5 * (self.size - 1)
        living = alive.reshape(-1, 2, half)
        count = living.sum(axis=2)
        x, y = ((place.reshape(-1, 2, half) * living).sum(axis=2) / np.maximum(count, 1) for place in (army.x, army.y))
        there = count[lane, 1 - enemy] > 0
        own_x, own_y = army.x[lane, agent], army.y[lane, agent]
        return np.stack(
            [
                army.health[lane, agent] / HEALTH,
                sign * (own_x - middle) / self.size,
                sign * (own_y - middle) / self.size,
                count[lane, enemy] / half,
                count[lane, 1 - enemy] / half,
                there * sign * (x[lane, 1 - enemy] - own_x) / self.size,
                there * sign * (y[lane, 1 - enemy] - own_y) / self.size,
            ],
            axis=1,
        ).astype(np.float32)

    def _offsets(self, radius: int) -> Ints:
        across = np.arange(-radius, radius + 1)
        return (across[:, None] * self.width + across[None]).ravel()
