"""What both modes share: the fields of a match, how it starts, goes on and ends, and what is seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints
from marl_skirmish import battle, drawing, sight, starts
from marl_skirmish.battle import ATTACK, HALF, Army, Facts, Reals
from marl_skirmish.maps import MAPS, Map
from marl_skirmish.sight import Layout
from marl_skirmish.units import KINDS

GOING_ON, WON, LOST, DRAWN = range(4)  # by team 0
KILL, WIN, SCALE = 10.0, 200.0, 20.0  # SMAC's: what a kill and a win are worth beside damage, and the most of a match
_UNIT = 6  # numbers of a unit in the true state
_BLOCK = 1 << 20  # bytes of observations that are made at a time
_MOVING = ("x", "y", "health", "shield", "wait", "calm")


def map_of(name: str, allies: str, enemies: str) -> Map:
    """A map by its name, perhaps with other teams. Raises ValueError with a sentence where there is none."""
    if name not in MAPS:
        raise ValueError(f"there is no map {name!r}; maps: {', '.join(MAPS)}")
    known = MAPS[name]
    given = replace(known, allies=allies or known.allies, enemies=enemies or known.enemies)
    first, second = len(given.team(given.allies)), len(given.team(given.enemies))
    if given.heals and second < first:
        raise ValueError(
            f"where there are healers, there must be as many enemies as allies, or more (heal k is attack k); here "
            f"{first} meet {second}"
        )
    return given


class Skirmish(SimultaneousGame):
    """The rules, for two teams of units of which some are agents. Lanes come first in all fields."""

    x: Reals  # float32[lanes, U]: where the units are, team 0 and then team 1
    y: Reals
    health: Reals
    shield: Reals
    wait: Reals  # loops until it can attack again
    calm: Reals  # ticks since it was hurt
    lowest: Reals  # float32[lanes, U]: the least health and shield that it ever had
    kind: Ints  # int64[lanes, U]
    act: Ints  # int64[lanes, U]: what it did last
    may: Bools  # bool[lanes, N, A]: what the agents may do now
    outcome: Ints  # int64[lanes]
    taken: Floats  # float64[lanes, S]: what each side has taken from the other so far (see `measure`)

    def __init__(self, lanes: int, map: Map, sides: int, sparse: bool) -> None:
        self.map, self.sparse = map, sparse
        teams = [map.team(units) for units in (map.allies, map.enemies)]
        self.sizes = (len(teams[0]), len(teams[1]))
        self.playing_sides = sides
        self.agents = self.sizes[0] if sides == 1 else sum(self.sizes)
        self.layout = Layout(*self.sizes, len(map.kinds) if len(map.kinds) > 1 else 0)
        self._kinds = np.array([KINDS.index(kind) for team in teams for kind in team])
        self._facts = Facts.of(self._kinds[:, None])
        super().__init__(self._spec(), lanes)

    def _spec(self) -> EnvSpec:
        everyone, first = tuple(range(self.agents)), self.sizes[0]
        state = Box((1 + sum(self.sizes) * (_UNIT + self.layout.kinds),), -2.0, 2.0)
        group = Group("units", everyone, self.layout.box, Discrete(ATTACK + self.sizes[1]))
        two = self.playing_sides == 2
        most = 1.0 if self.sparse else SCALE
        return EnvSpec(
            agents=tuple(
                f"team_{agent // first}_unit_{agent % first}" if two else f"unit_{agent}" for agent in everyone
            ),
            groups=(group,),
            sides=(everyone[:first], everyone[first:]) if two else (everyone,),
            dynamics="simultaneous",
            max_length=self.map.limit,
            returns=(-most if two or self.sparse else 0.0, most),
            state=state,
            zero_sum=two,
            symmetric=two,
            info={
                "won": "whether side 0 won at this tick",
                "lost": "whether side 0 lost at this tick",
                "taken": f"damage and kills of each side so far, of {SCALE:g} for all there is and a win",
            },
        )

    def fields(self) -> dict[str, Any]:
        units = sum(self.sizes)
        known: dict[str, Any] = {name: np.zeros(units, np.float32) for name in (*_MOVING, "lowest")}
        known |= {"kind": self._kinds, "act": np.zeros(units, np.int64), "outcome": np.int64(GOING_ON)}
        known["taken"] = np.zeros(self.playing_sides)
        return known | {"may": np.zeros((self.agents, ATTACK + self.sizes[1]), np.bool_)}

    def begin(self, lanes: Lanes) -> None:
        seeds = self.seed[lanes]
        if self.map.mix:
            self.kind[lanes] = starts.kinds(self.map, seeds, *self.sizes)
        facts = Facts.of(self.kind[lanes])
        self.x[lanes], self.y[lanes] = starts.places(self.map, seeds, *self.sizes, mirrored=self.playing_sides == 2)
        self.health[lanes], self.shield[lanes] = facts.health, facts.shield
        self.lowest[lanes] = facts.health + facts.shield
        self._look(lanes, self.army(lanes))

    def army(self, lanes: Lanes) -> Army:
        """The units of these matches, lanes last: copies."""
        facts = Facts.of(np.ascontiguousarray(self.kind[lanes].T)) if self.map.mix else self._facts
        moving = (np.ascontiguousarray(getattr(self, name)[lanes].T) for name in _MOVING)
        return Army(self.sizes[0], facts, *moving)

    def fight(self, lanes: Lanes, army: Army, act: Ints) -> tuple[Floats, Bools]:
        """Play a tick: what each team took from the other (see `measure`), `float64[2, L]`, and what is over `[L]`."""
        battle.tick(army, act)
        for name in _MOVING:
            getattr(self, name)[lanes] = getattr(army, name).T
        self.act[lanes] = act.T
        taken = self._taken(lanes, army)
        first, second = army.fighting(0), army.fighting(1)
        over = ~(first & second)
        self.outcome[lanes] = np.where(over, np.where(first, WON, np.where(second, LOST, DRAWN)), GOING_ON)
        self._look(lanes, army)
        return taken, over

    def _taken(self, lanes: Lanes, army: Army) -> Floats:
        lowest = np.ascontiguousarray(self.lowest[lanes].T)
        lower = np.minimum(lowest, army.health + army.shield)
        self.lowest[lanes] = lower.T
        taken = np.stack([self.measure(army, side, lower) - self.measure(army, side, lowest) for side in (0, 1)])
        self.taken[lanes] += taken[: self.playing_sides].T
        return taken

    def measure(self, army: Army, side: int, lowest: Reals) -> Floats:
        """What a team has taken from the other, `float64[L]`: damage and kills, of 20 for all there is and a win.

        `lowest[U, L]`: what health and shields came down to. So what heals pays once, and nobody takes more than 20 (in
        SMAC's own measure one can).
        """
        theirs = army.team(1 - side)
        whole = (army.facts.health + army.facts.shield)[theirs]
        taken = (whole - lowest[theirs] + KILL * (lowest[theirs] <= 0)).sum(axis=0, dtype=np.float64)
        return np.asarray(taken * self._scale(army, side))

    def win(self, army: Army, side: int) -> Floats:
        """What a win adds to that, `float64[L]`."""
        return np.asarray(WIN * self._scale(army, side))

    def _scale(self, army: Army, side: int) -> Floats:
        facts, theirs = army.facts, army.team(1 - side)
        whole = (facts.health + facts.shield + KILL)[theirs].sum(axis=0, dtype=np.float64)
        return np.asarray(SCALE / (whole + WIN))

    def _look(self, lanes: Lanes, army: Army) -> None:
        """Find out once what may be done: it is asked for more than once."""
        parts = [sight.legal(army, side, ATTACK + self.sizes[1]) for side in range(self.playing_sides)]
        self.may[lanes] = np.concatenate(parts, axis=1).transpose(2, 1, 0)

    def cut(self, lanes: Lanes) -> Bools:
        return np.asarray(self.outcome[lanes] == GOING_ON)

    def masks(self, lanes: Lanes, agents: Ints) -> Bools:
        each = lanes[:: self.agents]  # the rows are those of all agents, lane by lane
        return self.may[each].reshape(len(lanes), -1)

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        each, first = lanes[:: self.agents], self.sizes[0]
        rows = np.empty((len(each), self.agents, self.layout.width), np.float32)
        some = max(_BLOCK // rows[:1].nbytes, 1)
        for start in range(0, len(each), some):  # what fits into a cache
            part = slice(start, start + some)
            army, time = self.army(each[part]), (self.tick[each[part]] / self.map.limit).astype(np.float32)
            for side in range(self.playing_sides):
                rows[part, side * first : (side + 1) * first] = sight.observe(army, side, self.map.kinds, time)
        return rows.reshape(len(lanes), -1)

    def state(self, lanes: Lanes) -> Array:
        """How much of the match is over, then every unit: health, shield, wait, x, y, whether it lives, its kind."""
        facts = Facts.of(self.kind[lanes]) if self.map.mix else Facts.of(self._kinds)
        living = self.health[lanes] > 0
        parts: list[Array] = [self.health[lanes] / facts.health, self.shield[lanes] / np.maximum(facts.shield, 1)]
        parts += [self.wait[lanes] / 32, self.x[lanes] / HALF, self.y[lanes] / HALF, living]
        if self.layout.kinds:
            parts += [self.kind[lanes] == kind for kind in self.map.kinds]
        units = np.stack([part * living for part in parts], axis=2).reshape(len(lanes), -1)
        return np.concatenate([self.tick[lanes, None] / self.map.limit, units], axis=1).astype(np.float32)

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        outcome = self.outcome[lanes]
        return {"won": outcome == WON, "lost": outcome == LOST, "taken": self.taken[lanes]}

    def render(self, lane: int) -> Frame:
        ended = ("", "team 0 won", "team 1 won", "nobody is left")[self.outcome[lane]]
        said = f"tick {self.tick[lane]} of {self.map.limit}" + (f": {ended}" if ended else "")
        one = np.array([lane])
        return drawing.draw(self.army(one), self.kind[lane], self.act[lane], said)
