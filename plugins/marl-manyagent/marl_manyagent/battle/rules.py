"""One tick of a battle: everybody strikes at once, then everybody moves at once, and nobody is served first.

Arrays are `[L, N]`: L matches, N soldiers, the first half of them army 0. Directions are in the frame of one's own
army: army 1 sees the field turned by half a turn. Health is counted in tenths.

Numbers and rewards are those of MAgent's battle: Zheng et al., "MAgent: a many-agent reinforcement learning platform
for artificial collective intelligence", AAAI 2018 (demo).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.types import Array, Bools, Floats, Ints, Keys

STAY, MOVE, STRIKE, ACTIONS = 0, 1, 5, 13  # stay; four moves; eight strikes
NAMES = ("stay", *(f"move {way}" for way in ("east", "south", "west", "north")), *(f"strike {n}" for n in range(8)))
ACROSS = np.array([0, 1, 0, -1, 0, 1, 1, 0, -1, -1, -1, 0, 1])
DOWN = np.array([0, 0, 1, 0, -1, 0, 1, 1, 1, 0, -1, -1, -1])
HEALTH, DAMAGE, HEALS = 100, 20, 1  # tenths
STEP, STRIKING, HITTING, KILL, DYING = -0.005, -0.1, 0.2, 5.0, -0.1


@dataclass
class Army:
    """`x`, `y`: `int64[L, N]`, where soldiers are, or fell. `health`: `int64[L, N]`, 0 of the dead."""

    x: Ints
    y: Ints
    health: Ints

    @property
    def half(self) -> int:
        """The soldiers of an army."""
        return self.x.shape[1] // 2

    @property
    def sign(self) -> Ints:
        """1 for soldiers of army 0, -1 for those of army 1, who see everything turned round: `int64[N]`."""
        return np.repeat(np.array([1, -1]), self.half)


def occupied(army: Army, size: int) -> Ints:
    """Who stands where, `int64[L, size + 2, size + 2]`: 0 nobody, else 1 and the soldier; -1 around the field."""
    lanes = len(army.x)
    grid = np.full((lanes, size + 2, size + 2), -1, dtype=np.int64)
    grid[:, 1:-1, 1:-1] = 0
    lane, who = np.nonzero(army.health > 0)
    grid[lane, army.y[lane, who] + 1, army.x[lane, who] + 1] = who + 1
    return grid


def tick(army: Army, act: Ints, keys: Keys, size: int) -> Floats:
    """Let the living do `act[L, N]` (-1 of the dead); `army` changes. The rewards, `float64[L, N]`.

    `keys`: `uint64[L]`, which decide who of several comes to a free cell.
    """
    rewards = np.where(act >= 0, STEP, 0.0)
    grid = occupied(army, size)
    _strike(army, act, grid, rewards)
    _move(army, act, grid, keys)
    return rewards


def _strike(army: Army, act: Ints, grid: Ints, rewards: Floats) -> None:
    """Strikes hit whoever of the other army stands there; who deals the last blow shares the kill with whoever did."""
    lane, who = np.nonzero(act >= STRIKE)
    rewards[lane, who] += STRIKING
    x, y = _target(army, act, lane, who)
    victim = grid[lane, y + 1, x + 1] - 1
    half = army.half
    hit = (victim >= 0) & ((victim >= half) != (who >= half))
    lane, who, victim = lane[hit], who[hit], victim[hit]
    rewards[lane, who] += HITTING
    blows = np.zeros(army.health.shape, dtype=np.int64)
    np.add.at(blows, (lane, victim), 1)
    lived = army.health > 0
    army.health -= DAMAGE * blows
    fallen = lived & (army.health <= 0)
    army.health[fallen] = 0
    last = fallen[lane, victim]
    rewards[lane[last], who[last]] += KILL / blows[lane[last], victim[last]]
    rewards[fallen] += DYING
    living = army.health > 0
    army.health[living] = np.minimum(army.health[living] + HEALS, HEALTH)


def _move(army: Army, act: Ints, grid: Ints, keys: Keys) -> None:
    """Cells that were free when the tick began are taken by one of those who go there."""
    lane, who = np.nonzero((act >= MOVE) & (act < STRIKE) & (army.health > 0))
    x, y = _target(army, act, lane, who)
    free = grid[lane, y + 1, x + 1] == 0
    lane, who, x, y = lane[free], who[free], x[free], y[free]
    cell = (lane * grid.shape[1] + y) * grid.shape[2] + x
    order = np.lexsort((rng.extend(keys[lane], who), cell))
    wins = order[first_of_each(cell[order])]
    army.x[lane[wins], who[wins]] = x[wins]
    army.y[lane[wins], who[wins]] = y[wins]


def _target(army: Army, act: Ints, lane: Ints, who: Ints) -> tuple[Ints, Ints]:
    """The cell that each of these goes to, or strikes at."""
    chosen, sign = act[lane, who], army.sign[who]
    return army.x[lane, who] + sign * ACROSS[chosen], army.y[lane, who] + sign * DOWN[chosen]


def first_of_each(values: Array) -> Bools:
    """Where a sorted array changes: True at the first of each run."""
    first = np.ones(len(values), dtype=np.bool_)
    first[1:] = values[1:] != values[:-1]
    return first
