"""Kinds of units, and what they do to each other.

Health, shields, armour, damage, cooldowns and speeds are StarCraft II's, as SMAC uses them (Samvelyan et al., "The
StarCraft Multi-Agent Challenge", AAMAS 2019): a tick is eight of the game's loops, half a second. Ranges are simplified
to whole numbers between the centres of two units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.types import Floats

LOOPS = 8  # game loops of a tick
SIGHT = 9.0  # how far every unit sees
APART = 0.75  # how far the centres of units of one team keep from each other
CALM = 20  # ticks without damage until shields recharge
RECHARGE = 1.0  # shield points a tick, then


@dataclass(frozen=True)
class Unit:
    """A kind of unit. Lengths are those of the field, which is 32 wide; `cooldown` counts loops, a tick has eight."""

    letter: str  # in pictures
    health: float
    damage: float  # of a hit; of a healer: what it heals in a tick
    cooldown: int  # loops between two attacks, at least a tick
    reach: float  # how far away it attacks or heals
    speed: float  # length of a move
    shield: float = 0.0
    armour: float = 0.0  # what each hit does less
    hits: int = 1  # of an attack
    armoured: bool = False
    bonus: float = 0.0  # more damage for each hit on those that are `strong_against`
    strong_against: str = ""  # "armoured", or "light" (all others)
    splash: float = 0.0  # an attack hits all enemies within this distance of its target
    dies: bool = False  # an attack is its end
    heals: bool = False  # it heals allies and cannot attack


UNITS = {
    "marine": Unit("m", 45, 6, 15, 6, 1.125),
    "marauder": Unit("M", 125, 10, 25, 7, 1.125, armour=1, armoured=True, bonus=10, strong_against="armoured"),
    "medivac": Unit("+", 150, 4.5, 8, 5, 1.25, armour=1, armoured=True, heals=True),
    "stalker": Unit("s", 80, 13, 30, 7, 1.5, 80, 1, armoured=True, bonus=5, strong_against="armoured"),
    "zealot": Unit("z", 100, 8, 19, 2, 1.125, 50, 1, hits=2),
    "colossus": Unit("c", 200, 10, 24, 8, 1.125, 150, 1, 2, True, 5, "light", splash=1.25),
    "zergling": Unit("l", 35, 5, 11, 2, 1.5),
    "hydralisk": Unit("h", 80, 12, 13, 6, 1.125),
    "baneling": Unit("b", 30, 16, 8, 2, 1.25, bonus=19, strong_against="light", splash=2.25, dies=True),
}
KINDS = tuple(UNITS)


def damages() -> Floats:
    """What an attack of each kind does to each kind, `float64[kinds, kinds]`; at least half a point for each hit."""
    table = np.zeros((len(KINDS), len(KINDS)))
    for row, attacker in enumerate(UNITS.values()):
        for column, target in enumerate(UNITS.values()):
            strong = attacker.strong_against == ("armoured" if target.armoured else "light")
            hit = attacker.damage + strong * attacker.bonus - target.armour
            table[row, column] = 0.0 if attacker.heals else attacker.hits * max(hit, 0.5)
    return table
