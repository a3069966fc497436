"""What agents see: the tiles around them, others nearby as a list, and themselves.

| leaf | shape | |
|---|---|---|
| `tiles` | `uint8[V, V, 7]` | see `TILES`, the last two who stands there; V is twice the view and 1 |
| `entities` | `float32[E, 6]` | the nearest others: where (two), own population, health, practice of both kinds |
| `present` | `uint8[E]` | which rows of `entities` there are; the rest is zero |
| `self` | `float32[10]` | see `SELF` |
| `mean_action` | `float32[7]` | what others in view did at the last tick, see `marl_manyagent.neighbours` |
"""

from __future__ import annotations

import numpy as np

from marl.space import Box, Tree
from marl.types import Array, ArrayTree, Ints
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.foraging_world.rules import ACTIONS, FULL, IMMUNE, KINDS, MASTERY, STRIKE, Grid, Herd
from marl_manyagent.foraging_world.terrain import FIELD, FOREST, STONE, WATER
from marl_manyagent.neighbours import MEAN, shares

TILES = ("forest", "field", "ripe", "water", "stone", "own", "other")
SELF = ("health", "food", "water", "age", "skill_forest", "skill_field", "x", "y", "struck", "immune")
ENTITY = ("dx", "dy", "own", "health", "skill_forest", "skill_field")
OLD = 100  # ticks; who is older looks the same

_LOOK = np.zeros((3, STONE + 1, len(TILES)), dtype=np.uint8)  # by who stands there (nobody, own, other) and code
_LOOK[:, (FOREST, FOREST + 1), 0] = 1
_LOOK[:, (FIELD, FIELD + 1), 1] = 1
_LOOK[:, (FOREST + 1, FIELD + 1), 2] = 1
_LOOK[:, WATER, 3] = 1
_LOOK[:, STONE, 4] = 1
_LOOK[1, :, 5] = 1
_LOOK[2, :, 6] = 1


class Sight:
    """Makes observations of a world with these parameters. `space`: what they are of. `population`: `int64[N]`."""

    def __init__(self, params: ForagingParams, grid: Grid, population: Ints) -> None:
        self._grid, self._population, self._view = grid, population, params.view
        self._across = across = 2 * params.view + 1
        steps = np.arange(-params.view, params.view + 1)
        self._window = (steps[:, None] * grid.width + steps[None]).ravel()
        self._near = grid.around(params.view)
        self._count = min(params.entities, len(self._near))
        self.space = Tree(
            {
                "tiles": Box((across, across, len(TILES)), 0, 1, "uint8"),
                "entities": Box((self._count, len(ENTITY)), -1.0, 1.0),
                "present": Box((self._count,), 0, 1, "uint8"),
                "self": Box((len(SELF),), 0.0, 1.0),
                MEAN: Box((ACTIONS,), 0.0, 1.0),
            }
        )

    def __call__(self, herd: Herd, stands: Ints, codes: Array, lane: Ints, who: Ints) -> ArrayTree:
        """What `who[K]` of `lane[K]` see, where `stands` says who stands where, and `codes` what grows where."""
        here = herd.cells(self._grid, lane, who)
        window = here[:, None] + self._window
        others = stands[window]
        kind = 1 + (self._population[others - 1] != self._population[who][:, None])
        kind[others == 0] = 0
        tiles = _LOOK.reshape(-1, len(TILES))[kind * (STONE + 1) + codes[window]]
        seen = stands[here[:, None] + self._near] - 1  # [K, W], the nearest first
        did = np.where(seen >= 0, herd.last[lane[:, None], seen] + 1, 0)
        entities, present = self._entities(herd, lane, who, seen)
        return {
            "tiles": tiles.reshape(-1, self._across, self._across, len(TILES)),
            "entities": entities,
            "present": present,
            "self": self._self(herd, lane, who),
            MEAN: shares(did, ACTIONS),
        }

    def _entities(self, herd: Herd, lane: Ints, who: Ints, seen: Ints) -> tuple[Array, Array]:
        row, place = np.nonzero(seen >= 0)
        starts = np.searchsorted(row, np.arange(len(seen)))
        rank = np.arange(len(row)) - starts[row]
        near = np.flatnonzero(rank < self._count)
        row, rank, other = row[near], rank[near], seen[row[near], place[near]]
        at, viewer = lane[row], who[row]
        entities = np.zeros((len(seen), self._count, len(ENTITY)), dtype=np.float32)
        present = np.zeros((len(seen), self._count), dtype=np.uint8)
        entities[row, rank] = np.stack(
            [
                (herd.x[at, other] - herd.x[at, viewer]) / self._view,
                (herd.y[at, other] - herd.y[at, viewer]) / self._view,
                self._population[other] == self._population[viewer],
                herd.health[at, other] / FULL,
                *(herd.skill[at, other].T / MASTERY),
            ],
            axis=1,
        )
        present[row, rank] = 1
        return entities, present

    def _self(self, herd: Herd, lane: Ints, who: Ints) -> Array:
        age = herd.age[lane, who]
        numbers = [
            herd.health[lane, who] / FULL,
            herd.food[lane, who] / FULL,
            herd.water[lane, who] / FULL,
            np.minimum(age, OLD) / OLD,
            *(herd.skill[lane, who].T / MASTERY),
            herd.x[lane, who] / (self._grid.size - 1),
            herd.y[lane, who] / (self._grid.size - 1),
            np.minimum(herd.struck[lane, who] / (2 * STRIKE), 1.0),
            age < IMMUNE,
        ]
        assert KINDS == 2 and len(numbers) == len(SELF)
        return np.stack(numbers, axis=1).astype(np.float32)
