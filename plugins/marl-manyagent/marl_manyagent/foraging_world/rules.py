"""One tick for those who live: everybody strikes at once, then moves at once, then eats, drinks, starves or heals.

Arrays of agents are `[L, N]`: L matches, N places, those of a population side by side. Grids are laid flat, so that a
cell of any match is one index. Nobody is served first: chance decides who of several comes to a cell.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from marl import rng
from marl.types import Array, Bools, Ints, Keys
from marl_manyagent.battle.rules import first_of_each
from marl_manyagent.foraging_world.params import REACH
from marl_manyagent.foraging_world.terrain import FOREST, WATER, grows, passable

STAY, MOVE, MELEE, SHOOT, ACTIONS = 0, 1, 5, 6, 7  # stay; four moves; strike whoever is near; shoot further
NAMES = ("stay", "move east", "move south", "move west", "move north", "strike", "shoot")
ACROSS, DOWN = np.array([0, 1, 0, -1, 0, 0, 0]), np.array([0, 0, 1, 0, -1, 0, 0])
FULL = 30  # health, food and water at most; food and water fall by 1 a tick
BEGIN = 20  # food and water of the newborn
STARVES, HEALS = 2, 1  # health a tick: lost for each that is empty, won where both are above half
MEAL, DRINK, MASTERY = 10, 10, 10  # a meal is worth up to twice as much, after so many of its kind
STRIKE, SHOT, SPOILS = 5, 2, 4  # health that they cost; food and water that those share who kill
IMMUNE = 10  # ticks from birth on in which nobody is hit
ADULT, FED, CHILD = 20, 24, 10  # the age, food and water of who has children; the food and water that each costs
KINDS = 2  # what grows: in forests, and on fields


@dataclass(frozen=True)
class Grid:
    """Where cells are in maps that are laid flat: `size` cells along a side, and a border around them."""

    size: int
    border: int

    @property
    def width(self) -> int:
        """Along a side, with the border."""
        return self.size + 2 * self.border

    def cell(self, lane: Ints, x: Ints, y: Ints) -> Ints:
        """The cell at `x`, `y` of the map of a match, `int64[K]`."""
        return np.asarray((lane * self.width + y + self.border) * self.width + x + self.border)

    def place(self, cell: Ints) -> tuple[Ints, Ints]:
        """The `x` and `y` of cells."""
        row, column = np.divmod(cell % self.width**2, self.width)
        return column - self.border, row - self.border

    def around(self, reach: int) -> Ints:
        """What to add to a cell for those up to `reach` away, the nearest first, itself left out, `int64[W]`."""
        across = np.arange(-reach, reach + 1)
        dx, dy = (part.ravel() for part in np.meshgrid(across, across))
        order = np.lexsort((np.arange(len(dx)), dx**2 + dy**2, np.maximum(abs(dx), abs(dy))))[1:]
        return np.asarray(dy[order] * self.width + dx[order])


@dataclass
class Herd:
    """Everybody in L matches, `int64[L, N]` each.

    `x`, `y`: where they are, or were last. `health`: 0 where nobody lives. `last`: what each did last, -1 for nothing.
    `struck`: the health that others took at this tick. `skill`, `gathered`: `int64[L, N, KINDS]`, practice, and meals.
    """

    x: Ints
    y: Ints
    health: Ints
    food: Ints
    water: Ints
    age: Ints
    last: Ints
    struck: Ints
    skill: Ints
    gathered: Ints

    @property
    def alive(self) -> Bools:
        """Who lives, `bool[L, N]`."""
        return np.asarray(self.health > 0)

    def cells(self, grid: Grid, lane: Ints, who: Ints) -> Ints:
        """Where these are, `int64[K]`."""
        return grid.cell(lane, self.x[lane, who], self.y[lane, who])


HERD = tuple(one.name for one in fields(Herd))


def occupied(herd: Herd, grid: Grid) -> Ints:
    """Who stands where, laid flat: 0 nobody, else 1 and the place."""
    result = np.zeros(len(herd.x) * grid.width**2, dtype=np.int64)
    lane, who = np.nonzero(herd.alive)
    result[herd.cells(grid, lane, who)] = who + 1
    return result


def strike(herd: Herd, act: Ints, grid: Grid, stands: Ints, population: Ints) -> Ints:
    """Let the living strike (`act[L, N]`, -1 of nobody); who was killed shares out what it had. Kills, `int64[L, N]`.

    Whoever is nearest is hit, of another population where there are several, unless it was just born.
    """
    lane, who = np.nonzero(act >= MELEE)
    kills = np.zeros_like(act)
    herd.struck[...] = 0
    if not len(lane):
        return kills
    seen = stands[herd.cells(grid, lane, who)[:, None] + grid.around(REACH)] - 1  # [K, 48], those beside one first
    fair = (seen >= 0) & (herd.age[lane[:, None], seen] >= IMMUNE)
    if population[-1]:
        fair &= population[seen] != population[who][:, None]
    fair[act[lane, who] == MELEE, 8:] = False
    hits = np.flatnonzero(fair.any(axis=1))
    lane, who, victim = lane[hits], who[hits], seen[hits, fair[hits].argmax(axis=1)]
    np.add.at(herd.struck, (lane, victim), np.where(act[lane, who] == MELEE, STRIKE, SHOT))
    herd.health -= herd.struck
    fallen = (herd.struck > 0) & (herd.health <= 0)
    last = fallen[lane, victim]
    lane, who, victim = lane[last], who[last], victim[last]
    blows = np.zeros_like(act)
    np.add.at(blows, (lane, victim), 1)
    share = SPOILS // blows[lane, victim]
    np.add.at(herd.food, (lane, who), share)
    np.add.at(herd.water, (lane, who), share)
    np.add.at(kills, (lane, who), 1)
    return kills


def move(herd: Herd, act: Ints, grid: Grid, stands: Ints, codes: Array, keys: Keys) -> None:
    """Cells that were free when the tick began are taken by one of those who go there; `stands` changes with them."""
    lane, who = np.nonzero((act >= MOVE) & (act < MELEE) & herd.alive)
    here = herd.cells(grid, lane, who)
    chosen = act[lane, who]
    there = here + DOWN[chosen] * grid.width + ACROSS[chosen]
    free = np.flatnonzero((stands[there] == 0) & passable(codes[there]))
    lane, who, here, there = lane[free], who[free], here[free], there[free]
    wins = drawn(there, rng.extend(keys[lane], who))
    lane, who, here, there = lane[wins], who[wins], here[wins], there[wins]
    stands[here] = 0
    stands[there] = who + 1
    herd.x[lane, who], herd.y[lane, who] = grid.place(there)


def drawn(cells: Ints, keys: Keys) -> Ints:
    """Of those who want the same cell, one, by chance: which of them, `int64[W]`, in the order of cells."""
    order = np.lexsort((keys, cells))
    return np.asarray(order[first_of_each(cells[order])])


def forage(herd: Herd, grid: Grid, codes: Array) -> tuple[Ints, Ints, Ints, Ints]:
    """Let the living eat what is ripe where they stand, if they are hungry, and drink beside water.

    `codes`: of cells, one more where something is ripe. Who ate: lane, place, cell, and kind, `int64[K]` each.
    """
    lane, who = np.nonzero(herd.alive)
    here = herd.cells(grid, lane, who)
    beside = here[:, None] + np.array([1, -1, grid.width, -grid.width])
    wet = (codes[beside] == WATER).any(axis=1)
    herd.water[lane[wet], who[wet]] += DRINK
    found = codes[here]
    eats = np.flatnonzero(grows(found - (found > 0)) & (herd.food[lane, who] <= FULL - MEAL))
    lane, who, here = lane[eats], who[eats], here[eats]
    kind = np.where(found[eats] == FOREST + 1, 0, 1)
    skill = herd.skill[lane, who, kind]
    herd.food[lane, who] += MEAL + MEAL * skill // MASTERY
    herd.skill[lane, who, kind] = np.minimum(skill + 1, MASTERY)
    herd.skill[lane, who, 1 - kind] = np.maximum(herd.skill[lane, who, 1 - kind] - 1, 0)  # unlearned
    herd.gathered[lane, who, kind] += 1
    return lane, who, here, kind


def live(herd: Herd) -> None:
    """A tick goes by for the living: they get hungry and thirsty, starve or heal, and grow older."""
    alive = herd.alive
    herd.food = np.where(alive, np.clip(herd.food, 0, FULL) - 1, 0).clip(0)
    herd.water = np.where(alive, np.clip(herd.water, 0, FULL) - 1, 0).clip(0)
    starves = STARVES * ((herd.food == 0).astype(np.int64) + (herd.water == 0))
    heals = HEALS * ((2 * herd.food > FULL) & (2 * herd.water > FULL))
    herd.health = np.where(alive, np.minimum(herd.health - starves + heals, FULL), 0).clip(0)
    herd.age += alive
