"""What an agent sees as layers of a grid: overcooked-ai's `lossless_state_encoding`, without its layers of tomatoes."""

from __future__ import annotations

import numpy as np

from marl.space import Box
from marl.types import Array, Ints
from marl_coop.overcooked.kitchens import COUNTER, DISHES, ONIONS, POT, SERVING, Kitchen
from marl_coop.overcooked.rules import CONTENTS, COOKING, DISH, FULL, ITEMS, ONION, READY, SOUP

URGENT = 40  # ticks that are left when the last layer is set
_PLACES = (POT, COUNTER, ONIONS, DISHES, SERVING)


class Layers:
    """`int8[5 N + 12, height, width]`, for an agent that comes first, and then the others in their order.

    Where each agent is (N layers); which way it faces: north, south, east, west (4 each); where pots, counters, onions,
    dishes and serving places are; how many onions are in a pot that does not cook, and in a soup; how long it still
    cooks; where soup is ready, dishes are, and onions are, in hands too; and ones in the last 40 ticks.
    """

    def __init__(self, kitchen: Kitchen, cook_time: int, steps: int) -> None:
        agents = kitchen.agents
        self._cells, self._agents, self._steps, self._cook_time = kitchen.cells, agents, steps, cook_time
        self._pots, self._counters = kitchen.where(POT), kitchen.where(COUNTER)
        first = 5 * agents + len(_PLACES)
        self._idle, self._soup, self._left, self._done, dishes, onions, self._urgent = range(first, first + 7)
        self.space = Box((first + 7, kitchen.height, kitchen.width), 0, max(cook_time, FULL), "int8")
        self._blank = np.zeros((first + 7, kitchen.cells), np.int8)
        for layer, place in enumerate(_PLACES, start=5 * agents):
            self._blank[layer, kitchen.where(place)] = 1
        self._layer_of = np.full(ITEMS, self._soup)  # of each thing, and how many it counts as
        self._layer_of[[ONION, DISH]] = onions, dishes
        self._count_of = np.array([0, 1, 1, *range(1, FULL + 1)], np.int8)
        code = np.arange(CONTENTS)
        self._idle_of = np.where(code <= FULL, code, 0).astype(np.int8)
        self._soup_of = np.where(code >= READY, code - READY + 1, np.where(code >= COOKING, code - COOKING + 1, 0))
        self._soup_of = self._soup_of.astype(np.int8)
        self._order, number = order_of(agents), np.arange(agents)
        view = number[:, None] * self._blank.size  # each agent's layers, and then the place of who is shown in it
        self._where = view + number * self._cells
        self._turned = view + (agents + 4 * number) * self._cells

    def __call__(self, cell: Ints, facing: Ints, held: Ints, content: Array, cooked: Ints, tick: Ints) -> Array:
        """What all agents see, `[L, N, ...]`: of `cell`, `facing` and `held` `[L, N]`, `content` `[L, C]`,
        `cooked` `[L, P]` and `tick` `[L]`."""
        seen = np.empty((len(cell), self._agents, *self._blank.shape), np.int8)
        flat, first = seen.reshape(-1), seen[:, 0]
        first[:] = self._blank
        start = np.arange(0, flat.size, self._agents * self._blank.size)  # of each lane
        lane, number = np.nonzero(content[:, self._counters])
        lies = self._counters[number]
        self._put(flat, start[lane], lies, content[lane, lies])
        lane, number = np.nonzero(held)
        self._put(flat, start[lane], cell[lane, number], held[lane, number])
        self._show_pots(first, content, cooked)
        first[tick > self._steps - URGENT, self._urgent] = 1
        seen[:, 1:] = seen[:, :1]
        at = start[:, None, None] + cell[:, self._order]
        flat[at + self._where] = 1
        flat[at + self._turned + facing[:, self._order] * self._cells] = 1
        return seen

    def _put(self, flat: Array, start: Ints, cell: Ints, item: Array) -> None:
        """Things that lie or are held."""
        flat[start + self._layer_of[item] * self._cells + cell] = self._count_of[item]
        soups = item >= SOUP
        flat[start[soups] + self._done * self._cells + cell[soups]] = 1

    def _show_pots(self, seen: Array, content: Array, cooked: Ints) -> None:
        for number, pot in enumerate(self._pots):
            code = content[:, pot]
            seen[:, self._idle, pot] = self._idle_of[code]
            seen[:, self._soup, pot] = self._soup_of[code]
            cooking = (code >= COOKING) & (code < READY)
            seen[:, self._left, pot] = np.where(cooking, self._cook_time - cooked[:, number], 0)
            seen[:, self._done, pot] = code >= READY


def order_of(agents: int) -> Ints:
    """For each agent, itself and then the others in their order, `int64[N, N]`."""
    return np.array([[agent, *(other for other in range(agents) if other != agent)] for agent in range(agents)])
