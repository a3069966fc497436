"""One tick of a battle: everybody attacks, heals and moves at once, and nobody is served first.

Arrays here have their lanes last, `[U, L]`: U units (team 0, then team 1) of L matches. Loops over units would be slow
in Python, and short last axes are slow in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marl.types import Bools, Floats, Ints
from marl_skirmish.units import APART, CALM, KINDS, LOOPS, RECHARGE, UNITS, damages

Reals = npt.NDArray[np.float32]

NOOP, STOP, NORTH, SOUTH, FORWARD, BACK = range(6)
ATTACK = 6  # the first of the actions that have a target
HALF = 16.0  # the field reaches from -16 to 16 in both directions
ACROSS = np.array([0, 0, 0, 0, 1, -1], np.float32)  # forward: towards where the other team comes from
UP = np.array([0, 0, 1, -1, 0, 0], np.float32)
_DAMAGE = damages()
_SPLASH = [number for number, unit in enumerate(UNITS.values()) if unit.splash]


@dataclass
class Facts:
    """What is known of every unit by its kind: `[U, 1]`, or `[U, L]` where kinds are drawn."""

    kind: Ints
    health: Reals
    shield: Reals
    cooldown: Reals
    reach: Reals
    speed: Reals
    heals: Bools
    dies: Bools
    healing: Reals

    @classmethod
    def of(cls, kind: Ints) -> Facts:
        """The facts of units of these kinds, `[U, 1]` or `[U, L]`."""
        return cls(kind, *(column[kind] for column in _COLUMNS))


_ALL = list(UNITS.values())
_NUMBERS = ("health", "shield", "cooldown", "reach", "speed")
_COLUMNS = [
    *(np.array([getattr(unit, name) for unit in _ALL], np.float32) for name in _NUMBERS),
    np.array([unit.heals for unit in _ALL]),
    np.array([unit.dies for unit in _ALL]),
    np.array([unit.damage if unit.heals else 0.0 for unit in _ALL], np.float32),
]  # fmt: skip


@dataclass
class Army:
    """The units of both teams, `[U, L]` each. `first`: how many of them are team 0's."""

    first: int
    facts: Facts
    x: Reals
    y: Reals
    health: Reals
    shield: Reals
    wait: Reals  # loops until it can attack again
    calm: Reals  # ticks since it was hurt

    def team(self, side: int) -> slice:
        """Where the units of a team are."""
        return slice(0, self.first) if side == 0 else slice(self.first, len(self.x))

    def places(self) -> tuple[Reals, Reals]:
        """Where everybody is; who is dead is far away from everybody, so that nobody sees, reaches or pushes it."""
        away = (1e4 * np.arange(1, len(self.x) + 1, dtype=np.float32))[:, None]
        living = self.health > 0
        return np.where(living, self.x, away), np.where(living, self.y, away)

    def fighting(self, side: int) -> Bools:
        """Whether anybody of a team lives who can attack, `bool[L]`."""
        mine = self.team(side)
        living = self.health[mine] > 0
        return np.asarray((living & ~self.facts.heals[mine]).any(axis=0))


def tick(army: Army, act: Ints) -> None:
    """Let everybody do `act[U, L]`, which must be legal. First all attacks at once, then healing, then all moves."""
    damage, fired = _attacks(army, act)
    health = army.health
    absorbed = np.minimum(army.shield, damage)
    army.shield = army.shield - absorbed
    army.health = np.maximum(health - (damage - absorbed), 0)
    army.health = np.where(fired & army.facts.dies, np.float32(0), army.health)
    if army.facts.heals.any():
        healed = np.minimum(army.health + _healing(army, act), army.facts.health)
        army.health = np.where(army.health > 0, healed, np.float32(0))
    if army.facts.shield.any():
        army.calm = np.where(damage > 0, np.float32(0), army.calm + 1)
        rested = (army.calm >= CALM) & (army.health > 0)
        army.shield = np.where(rested, np.minimum(army.shield + RECHARGE, army.facts.shield), army.shield)
        army.shield = np.where(army.health > 0, army.shield, np.float32(0))
    army.wait = np.maximum(army.wait + fired * army.facts.cooldown - LOOPS, 0)
    _move(army, act)


def _attacks(army: Army, act: Ints) -> tuple[Reals, Bools]:
    """What everybody suffers, `float32[U, L]`, and who attacked, `bool[U, L]`."""
    facts, lanes = army.facts, act.shape[1]
    fired = (act >= ATTACK) & (army.wait < LOOPS)
    if facts.heals.any():
        fired &= ~facts.heals
    damage = np.zeros(act.shape, np.float32)
    kind = np.broadcast_to(facts.kind, act.shape)
    for side in (0, 1):
        mine, theirs = army.team(side), army.team(1 - side)
        who, lane = np.nonzero(fired[mine])
        target = act[mine][who, lane] - ATTACK
        attacker = kind[mine][who, lane]
        worth = _DAMAGE[attacker, kind[theirs][target, lane]]
        width = damage[theirs].shape[0]
        for special in _SPLASH if facts_splash(facts) else ():
            at = attacker == special
            if at.any():
                worth = np.where(at, 0.0, worth)
                hits = np.bincount(target[at] * lanes + lane[at], minlength=width * lanes).reshape(width, lanes)
                damage[theirs] += _splashed(army, theirs, kind, special, hits)
        dealt = np.bincount(target * lanes + lane, worth, width * lanes)
        damage[theirs] += dealt.reshape(width, lanes)
    return damage, fired


def facts_splash(facts: Facts) -> bool:
    """Whether anybody's attacks splash."""
    return bool(np.isin(facts.kind, _SPLASH).any())


def _splashed(army: Army, theirs: slice, kind: Ints, special: int, hits: Ints) -> Reals:
    """What `hits[T, L]` by units of a kind do to those hit and to all near them, `float32[T, L]`."""
    result = np.zeros(hits.shape, np.float32)
    some = np.flatnonzero(hits.any(axis=0))
    x, y = (place[theirs][:, some] for place in army.places())
    near = np.square(x[:, None] - x) + np.square(y[:, None] - y) <= UNITS[KINDS[special]].splash ** 2
    struck = (near * hits[:, None, some]).sum(axis=0)  # how often each is hit
    result[:, some] = struck * _DAMAGE[special, kind[theirs][:, some]]
    return result


def _healing(army: Army, act: Ints) -> Floats:
    """What healers give back to everybody, `float64[U, L]`."""
    lanes = act.shape[1]
    result = np.zeros(act.shape)
    heals = (act >= ATTACK) & army.facts.heals & (army.health > 0)
    worth = np.broadcast_to(army.facts.healing, act.shape)
    for side in (0, 1):
        mine = army.team(side)
        who, lane = np.nonzero(heals[mine])
        target = act[mine][who, lane] - ATTACK
        width = result[mine].shape[0]
        given = np.bincount(target * lanes + lane, worth[mine][who, lane], width * lanes)
        result[mine] = given.reshape(width, lanes)
    return result


def _move(army: Army, act: Ints) -> None:
    """Everybody walks; who is too near to another of its team is pushed away, each half of the way; the field ends."""
    step = np.minimum(act, ATTACK - 1) * (act < ATTACK)
    ahead = np.ones((len(act), 1), np.float32)
    ahead[army.team(1)] = -1
    army.x = army.x + ACROSS[step] * (ahead * army.facts.speed)
    army.y = army.y + UP[step] * army.facts.speed
    x, y = army.places()
    for side in (0, 1):
        mine = army.team(side)
        across, up = _pushes(x[mine], y[mine])
        army.x[mine] += across
        army.y[mine] += up
    np.clip(army.x, -HALF, HALF, out=army.x)
    np.clip(army.y, -HALF, HALF, out=army.y)


def _pushes(x: Reals, y: Reals) -> tuple[Reals, Reals]:
    """How far units of one team at `[n, L]` are pushed by each other. Who stand on the same spot do not push."""
    dx, dy = x - x[:, None], y - y[:, None]  # [of, who is pushed]
    square = dx * dx + dy * dy
    square[np.arange(len(x)), np.arange(len(x))] = np.inf
    of, who, lane = np.nonzero(square < APART * APART)
    distance = np.sqrt(square[of, who, lane])
    share = np.where(distance > 0, (APART - distance) / np.maximum(distance, 1e-6) / 2, 0)
    size, index = x.size, who * x.shape[1] + lane
    across = np.bincount(index, share * dx[of, who, lane], size).reshape(x.shape)
    up = np.bincount(index, share * dy[of, who, lane], size).reshape(x.shape)
    return np.clip(across, -APART, APART).astype(np.float32), np.clip(up, -APART, APART).astype(np.float32)
