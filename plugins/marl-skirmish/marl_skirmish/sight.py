"""What units see and may do. All of it is seen from their own side: forward is where the other team comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.space import Box, Discrete
from marl.types import Array, Bools
from marl_skirmish.battle import ATTACK, BACK, FORWARD, HALF, NOOP, NORTH, SOUTH, STOP, Army, Reals
from marl_skirmish.units import KINDS, SIGHT

OWN = 8  # health, shield, loops to wait, reach, whether it heals, x, y, time
OTHER = 6  # of each unit: seen, distance, x and y from here, health, shield


@dataclass(frozen=True)
class Layout:
    """How long a row is. It is `[own; kind?]`, then `[other; kind?]` of every ally (itself: zeros) and every enemy.

    `kinds`: how many kinds there are on the map, which are told apart by so many more numbers; 0 where there is one.
    """

    allies: int
    enemies: int
    kinds: int

    @property
    def width(self) -> int:
        """How many numbers an observation has."""
        return OWN + self.kinds + (self.allies + self.enemies) * (OTHER + self.kinds)

    @property
    def box(self) -> Box:
        """The space of observations."""
        return Box((self.width,), -2.0, 2.0)

    @classmethod
    def of(cls, spec: EnvSpec) -> Layout:
        """What the rows of side 0 are like. Raises UserError where they are not skirmish's."""
        group = spec.groups[0]
        if (
            isinstance(group.observation, Box)
            and isinstance(group.action, Discrete)
            and len(group.observation.shape) == 1
        ):
            allies, enemies = len(spec.sides[0]), group.action.n - ATTACK
            kinds, rest = divmod(group.observation.shape[0] - OWN - OTHER * (allies + enemies), 1 + allies + enemies)
            layout = cls(allies, enemies, kinds)
            if rest == 0 and 0 <= kinds <= len(KINDS) and group.observation == layout.box:
                return layout
        raise UserError(
            "this policy plays skirmish (skirmish/cooperative, skirmish/two_team) and no other game; the rows here are "
            f"{group.observation}"
        )


def observe(army: Army, side: int, kinds: tuple[int, ...], time: Reals) -> Reals:
    """What the units of a team see, `float32[L, n, width]`, a view of an array whose lanes are last.

    `time[L]`: how much of the match is over, up to 1.
    """
    mine, count, lanes = army.team(side), len(army.x[army.team(side)]), army.x.shape[1]
    order = np.r_[army.team(side), army.team(1 - side)]
    ahead = np.float32(1 if side == 0 else -1)
    x, y = army.places()
    facts, told = army.facts, len(kinds) if len(kinds) > 1 else 0
    layout = Layout(count, len(order) - count, told)
    rows = np.empty((layout.width, count, lanes), np.float32)
    health, shield = army.health / facts.health, army.shield / np.maximum(facts.shield, 1)
    living = (army.health[mine] > 0).astype(np.float32)
    own = (health[mine], shield[mine], army.wait[mine] / 32, facts.reach[mine] / SIGHT, facts.heals[mine],
           ahead * army.x[mine] / HALF, army.y[mine] / HALF, time)  # fmt: skip
    for number, value in enumerate(own):
        np.multiply(value, living, out=rows[number])
    for number in range(told):
        np.multiply(facts.kind[mine] == kinds[number], living, out=rows[OWN + number])
    others = rows[OWN + told :].reshape(len(order), OTHER + told, count, lanes)
    dx, dy = x[order][:, None] - x[mine], y[order][:, None] - y[mine]  # [of, who sees, L]
    square = dx * dx + dy * dy
    seen = (square <= SIGHT * SIGHT) & (army.health[mine] > 0)
    seen[np.arange(count), np.arange(count)] = False
    there = others[:, 0]
    there[:] = seen
    np.sqrt(square, out=square)
    for number, value in ((1, square), (2, dx), (3, dy)):
        np.multiply(value, (ahead if number == 2 else 1) / np.float32(SIGHT), out=value)
        np.multiply(value, there, out=others[:, number])
    np.multiply(health[order][:, None], there, out=others[:, 4])
    np.multiply(shield[order][:, None], there, out=others[:, 5])
    for number in range(told):
        np.multiply((facts.kind[order] == kinds[number])[:, None], there, out=others[:, OTHER + number])
    return rows.transpose(2, 1, 0)


def legal(army: Army, side: int, actions: int) -> Bools:
    """What the units of a team may do, `bool[actions, n, L]`."""
    mine, theirs = army.team(side), army.team(1 - side)
    x, y = army.places()
    living = army.health[mine] > 0
    may = np.zeros((actions, *living.shape), np.bool_)
    ahead = np.float32(1 if side == 0 else -1) * army.x[mine]
    may[NOOP], may[STOP] = ~living, living
    for action, inside in (
        (NORTH, army.y[mine] < HALF), (SOUTH, army.y[mine] > -HALF), (FORWARD, ahead < HALF), (BACK, ahead > -HALF),
    ):  # fmt: skip
        np.logical_and(living, inside, out=may[action])
    reach = np.square(army.facts.reach[mine])
    enemies = may[ATTACK : ATTACK + len(x[theirs])]
    np.less_equal(_squares(x, y, mine, theirs), reach, out=enemies)
    heals = army.facts.heals[mine]
    if heals.any():
        enemies &= ~heals
        near = (_squares(x, y, mine, mine) <= reach) & heals & ~heals[:, None]
        allies = may[ATTACK : ATTACK + len(near)]
        allies |= near & living
    return may


def _squares(x: Reals, y: Reals, mine: slice, theirs: slice) -> Array:
    """Squares of the distances, `[of, who, L]`."""
    dx, dy = x[theirs][:, None] - x[mine], y[theirs][:, None] - y[mine]
    dx *= dx
    dy *= dy
    dx += dy
    return dx
