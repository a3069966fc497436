"""Who is born: newcomers at the edges of the map, and children of those who are well fed."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Bools, Ints, Keys
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.foraging_world.rules import ADULT, CHILD, FED, FULL, Grid, Herd, drawn
from marl_manyagent.foraging_world.terrain import EDGE, passable

_EDGES = 4


class Births:
    """Makes the newborn of a world. All say who they are as `lane`, `who`, `x`, `y` and `region`, `int64[K]` each.

    `region`: the edge of the map at which somebody's line began. `population`: `int64[N]`.
    """

    def __init__(self, params: ForagingParams, grid: Grid, population: Ints) -> None:
        self._params, self._grid, self._population = params, grid, population

    def newcomers(self, empty: Bools, stands: Ints, chance: float, seeds: Keys, keys: Keys) -> list[Ints]:
        """Each of the places `empty[L, N]` is taken with this chance. Of several who would come to a cell, one comes.

        `seeds` `uint64[L]` decide which population has which edges; `keys` `uint64[L]`, all else.
        """
        lane, who = np.nonzero(empty)
        own = rng.extend(keys[lane], who)
        come = np.flatnonzero(rng.uniform(own) < chance)
        lane, who, own = lane[come], who[come], own[come]
        region = self._edge(seeds[lane], who, own)
        along, deep = rng.integers(own, self._grid.size, 2), rng.integers(own, EDGE, 3)
        far = self._grid.size - 1
        x = np.choose(region, [deep, far - deep, along, along])
        y = np.choose(region, [along, along, deep, far - deep])
        cell = self._grid.cell(lane, x, y)
        free = np.flatnonzero(stands[cell] == 0)
        kept = free[drawn(cell[free], own[free])]
        return [part[kept] for part in (lane, who, x, y, region)]

    def children(
        self, herd: Herd, region: Ints, stands: Ints, codes: Array, keys: Keys
    ) -> tuple[list[Ints], tuple[Ints, Ints]]:
        """Children of those who are well fed, in the first empty places of their populations; and whose they are."""
        fed = (np.minimum(herd.food, herd.water) >= FED) & (herd.age >= ADULT) & (2 * herd.health > FULL)
        lane, who = np.nonzero(fed & herd.alive)
        own = rng.extend(keys[lane], who)
        wants = np.flatnonzero(rng.uniform(own) < self._params.fertility)
        lane, who, own = lane[wants], who[wants], own[wants]
        way = rng.integers(own, 4, 1)
        x = herd.x[lane, who] + np.array([1, 0, -1, 0])[way]
        y = herd.y[lane, who] + np.array([0, 1, 0, -1])[way]
        cell = self._grid.cell(lane, x, y)
        free = np.flatnonzero((stands[cell] == 0) & passable(codes[cell]))
        kept = np.sort(free[drawn(cell[free], own[free])])
        lane, who, x, y = lane[kept], who[kept], x[kept], y[kept]
        child = self._empty(herd, lane, who)
        born = np.flatnonzero(child >= 0)
        lane, who = lane[born], who[born]
        return [lane, child[born], x[born], y[born], region[lane, who]], (lane, who)

    def pay(self, herd: Herd, parents: tuple[Ints, Ints]) -> None:
        """What children cost their parents."""
        herd.food[parents] -= CHILD
        herd.water[parents] -= CHILD

    def _empty(self, herd: Herd, lane: Ints, who: Ints) -> Ints:
        """An empty place for each child of these, who stand in order: `int64[K]`, -1 where none is left."""
        count = self._params.populations
        group = lane * count + self._population[who]
        rank = np.arange(len(group)) - np.searchsorted(group, group)
        at, place = np.nonzero(~herd.alive)
        starts = np.searchsorted(at * count + self._population[place], np.arange(len(herd.x) * count + 1))
        found = starts[group] + rank
        there = found < starts[group + 1]
        result = np.full(len(group), -1, dtype=np.int64)
        result[there] = place[found[there]]
        return result

    def _edge(self, seeds: Keys, who: Ints, keys: Keys) -> Ints:
        """The edge to which these come: west, east, north or south."""
        count = self._params.populations
        order = np.argsort(rng.uniform(rng.mix(seeds[:, None], np.arange(_EDGES)[None]).ravel()).reshape(-1, _EDGES))
        mine = self._population[who] % _EDGES
        each = max(_EDGES // count, 1)
        chosen = (mine + min(count, _EDGES) * rng.integers(keys, each, 1)) % _EDGES
        return np.asarray(order[np.arange(len(who)), chosen])
