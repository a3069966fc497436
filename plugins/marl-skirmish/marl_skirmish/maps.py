"""Maps: who fights whom, how they start, and for how long. A map is one line below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from marl_skirmish.units import KINDS, UNITS

Starts = Literal["facing", "reflected", "surrounded", "mixed"]
TERRAN = {"marine": 0.45, "marauder": 0.45, "medivac": 0.1}
PROTOSS = {"stalker": 0.45, "zealot": 0.45, "colossus": 0.1}
ZERG = {"zergling": 0.45, "hydralisk": 0.45, "baneling": 0.1}


@dataclass(frozen=True)
class Map:
    """Teams as in "2 marauder, 7 marine". Where there is a `mix`, they are numbers of units, whose kinds are drawn.

    `limit`: ticks until a match is cut short. `starts`: two crowds facing each other; each team anywhere in its half,
    the other's mirrored; the agents surrounded in the middle; or one of the last two, drawn (SMACv2's).
    """

    allies: str
    enemies: str
    limit: int
    starts: Starts = "facing"
    mix: Mapping[str, float] = field(default_factory=dict)

    def team(self, units: str) -> tuple[str, ...]:
        """The kind of every unit of a team. Raises ValueError with a sentence where it is none."""
        if self.mix:
            if not units.isdigit() or int(units) < 1:
                raise ValueError(f"kinds are drawn on this map, so a team is a number of units, not {units!r}")
            return (next(iter(self.mix)),) * int(units)
        team: list[str] = []
        for part in units.split(","):
            number, _, kind = part.strip().partition(" ")
            if not number.isdigit() or kind not in UNITS:
                raise ValueError(
                    f"{part.strip()!r} is no number and kind of unit, as in '3 marine'; kinds: {', '.join(UNITS)}"
                )
            team += [kind] * int(number)
        if not team:
            raise ValueError(f"{units!r} is nobody: a team needs a unit")
        return tuple(team)

    @property
    def kinds(self) -> tuple[int, ...]:
        """The numbers (in `KINDS`) of the kinds that may be met here, in ascending order."""
        here = set(self.mix) or {*self.team(self.allies), *self.team(self.enemies)}
        return tuple(sorted(KINDS.index(kind) for kind in here))

    @property
    def heals(self) -> bool:
        """Whether there may be healers."""
        return any(UNITS[KINDS[kind]].heals for kind in self.kinds)

    def chances(self) -> np.ndarray:
        """How probable each of `kinds` is, `float64[kinds]`."""
        return np.array([self.mix[KINDS[kind]] for kind in self.kinds])


MAPS = {
    "3m": Map("3 marine", "3 marine", 60),
    "8m": Map("8 marine", "8 marine", 120),
    "25m": Map("25 marine", "25 marine", 150),
    "5m_vs_6m": Map("5 marine", "6 marine", 70),
    "8m_vs_9m": Map("8 marine", "9 marine", 120),
    "10m_vs_11m": Map("10 marine", "11 marine", 150),
    "27m_vs_30m": Map("27 marine", "30 marine", 180),
    "MMM": Map("1 medivac, 2 marauder, 7 marine", "1 medivac, 2 marauder, 7 marine", 150),
    "MMM2": Map("1 medivac, 2 marauder, 7 marine", "1 medivac, 3 marauder, 8 marine", 180),
    "2s3z": Map("2 stalker, 3 zealot", "2 stalker, 3 zealot", 120),
    "3s5z": Map("3 stalker, 5 zealot", "3 stalker, 5 zealot", 150),
    "3s5z_vs_3s6z": Map("3 stalker, 5 zealot", "3 stalker, 6 zealot", 170),
    "3s_vs_3z": Map("3 stalker", "3 zealot", 150),
    "3s_vs_5z": Map("3 stalker", "5 zealot", 250),
    "1c3s5z": Map("1 colossus, 3 stalker, 5 zealot", "1 colossus, 3 stalker, 5 zealot", 180),
    "2m_vs_1z": Map("2 marine", "1 zealot", 150),
    "bane_vs_bane": Map("20 zergling, 4 baneling", "20 zergling, 4 baneling", 200),
    "so_many_banelings": Map("7 zealot", "32 baneling", 100),
    **{
        f"{name}gen_{race}": Map(*teams, 200, "mixed", mix)
        for name, teams in {"5": ("5", "5"), "10": ("10", "10"), "10_vs_11_": ("10", "11"), "20": ("20", "20")}.items()
        for race, mix in {"terran": TERRAN, "protoss": PROTOSS, "zerg": ZERG}.items()
    },
}
