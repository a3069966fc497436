"""What a script knows of a unit: what its observation says, units and matches side by side in one axis K."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marl.env import Rows
from marl.types import Array, Bools, Floats, Ints
from marl_skirmish.battle import ATTACK, HALF, Army
from marl_skirmish.sight import OTHER, OWN, Layout, legal
from marl_skirmish.units import SIGHT


@dataclass
class Others:
    """Units that are seen by each of K, `[n, K]` each; what is not seen is infinitely far away, at x = y = 0."""

    distance: Array
    x: Array  # from here, forward
    y: Array
    left: Array  # health and shield, as parts of what they are at most: from 0 to 2


@dataclass
class View:
    """What K units know, who are alive where they may do anything."""

    legal: Bools  # bool[A, K]
    wait: Array  # [K], loops
    reach: Array
    heals: Bools
    left: Array
    x: Array
    y: Array
    chance: Floats  # a number in [0, 1)
    others: Callable[[bool], Others]  # of their own team, or of the other

    @cached_property
    def allies(self) -> Others:
        """The other units of the team."""
        return self.others(True)

    @cached_property
    def enemies(self) -> Others:
        """The units of the other team."""
        return self.others(False)


def view_of_army(army: Army, side: int, chance: Floats) -> View:
    """What the units of a team know; K is unit by unit, `n * L`."""
    mine, theirs = army.team(side), army.team(1 - side)
    lanes, count = army.x.shape[1], len(army.x[mine])
    ahead = np.float32(1 if side == 0 else -1)
    x, y = army.places()
    left = army.health / army.facts.health + army.shield / np.maximum(army.facts.shield, 1)

    def flat(values: Array) -> Array:
        return np.asarray(np.broadcast_to(values, (count, lanes)).reshape(-1))

    def others(own: bool) -> Others:
        team = mine if own else theirs
        dx, dy = x[team][:, None] - x[mine], y[team][:, None] - y[mine]
        distance = np.sqrt(dx * dx + dy * dy)
        unseen = distance > SIGHT
        if own:
            unseen |= np.eye(count, dtype=np.bool_)[..., None]
        dx *= ahead
        for values, value in ((distance, np.inf), (dx, 0), (dy, 0)):
            np.putmask(values, unseen, value)
        health = np.broadcast_to(left[team][:, None], distance.shape)
        return Others(*(part.reshape(len(distance), -1) for part in (distance, dx, dy, health)))

    heals = army.facts.heals[mine]
    actions = ATTACK + (len(x[theirs]) if not heals.any() else max(army.first, len(x) - army.first))
    may = legal(army, side, actions).reshape(actions, -1)
    wait, reach, healing, health, own_x, own_y = (
        flat(value)
        for value in (army.wait[mine], army.facts.reach[mine], heals, left[mine], ahead * army.x[mine], army.y[mine])
    )
    return View(may, wait, reach, healing, health, own_x, own_y, chance, others)


def view_of_rows(rows: Rows, layout: Layout, chance: Floats) -> View:
    """The same, out of what was observed."""
    table = np.ascontiguousarray(rows.observation.T)
    own = table[:OWN]
    blocks = table[OWN + layout.kinds :].reshape(layout.allies + layout.enemies, OTHER + layout.kinds, -1)

    def others(own: bool) -> Others:
        part = slice(0, layout.allies) if own else slice(layout.allies, None)
        seen, distance, x, y, health, shield = blocks[part, :OTHER].swapaxes(0, 1)
        away = np.where(seen > 0, distance * SIGHT, np.float32(np.inf))
        return Others(away, x * SIGHT, y * SIGHT, health + shield)

    assert rows.mask is not None
    health, shield, wait, reach, heals, x, y, _ = own
    return View(
        rows.mask.T, wait * 32, reach * SIGHT, heals > 0, health + shield, x * HALF, y * HALF,
        chance, others,
    )  # fmt: skip


def nearest(others: Others) -> Ints:
    """Which of them is nearest to each of K; anybody where nobody is seen."""
    return np.asarray(others.distance.argmin(axis=0))
