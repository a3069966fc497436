"""The world as an environment: places that lives take one after the other, and columns that say how they fare."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from marl import rng
from marl.env import Actions, EnvSpec, Frame, Group, Lanes, Rows, Step, Turn
from marl.games.vectorised import Vectorised
from marl.space import Discrete, legal
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_manyagent.foraging_world import measures, rules
from marl_manyagent.foraging_world.births import Births
from marl_manyagent.foraging_world.drawing import drawn
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.foraging_world.rules import ACTIONS, BEGIN, FULL, HERD, KINDS, Grid, Herd, occupied
from marl_manyagent.foraging_world.sight import Sight
from marl_manyagent.foraging_world.terrain import NEVER, grows, terrain

COLUMNS = {
    "population": "agents that live now",
    "births": "so far, those at the start with them",
    "deaths": "so far",
    "kills": "by other agents, so far",
    "eaten": "meals so far",
    "lifetime": "ticks lived so far, over lives so far",
    "mortality": "deaths for 1,000 ticks lived",
    "explored": "distinct cells that a life visited, the mean over lives so far",
    "distance": "how far from its birthplace a life ever was, the mean over lives so far",
    "variety": "entropy of what was eaten so far, over the most that it can be",
    "division": "mutual information of lives and what they ate, over the most that it can be",
    "specialisation": "the same of populations (of edges at which lines began, where there is one)",
    "territory": "mutual information of populations (or such edges) and parts of the map, over the most that it can be",
}
PARTS = 4  # of the map, along a side, for `territory`
_SEEN = 64  # cells along a side of what a life remembers that it visited; beyond it the map is wrapped round
_EDGES, _BORN, _CHILD, _MOVE, _GROW, _GROUND = range(1, 7)  # what keys are for
_TRIES = 4  # at the start, of newcomers who would come to a cell that is taken


class ForagingWorld(Vectorised):
    """An `Environment`, and `Forkable`. A match ends when nobody lives, and is cut short after `max_length` ticks.

    See docs/foraging-world.md for the rules; `rules.py` has what happens at a tick, `births.py` who is born, `sight.py`
    what is seen. Fields of agents are `[lanes, N]`, where N are places that may be empty.
    """

    over: Bools
    """Whether no match is going on, `bool[lanes]`."""
    ground: Array
    """What grows or stands where, `uint8[lanes, W, W]`, with a border of stone; codes of `terrain.py`."""
    ripe_at: Array
    """The tick from which on something is ripe, `int32[lanes, W, W]`."""
    region: Ints
    """The edge at which an agent's line began, as `born_x`, `born_y` (its birthplace), `far` (from there, at most) and
    `cells` (that it visited): `int64[lanes, N]`."""
    born_x: Ints
    born_y: Ints
    far: Ints
    cells: Ints
    visited: Array
    """Which these are, a bit each, `uint8[lanes, N, 512]`."""
    sums: Ints
    """`int64[lanes, 7]`: births, deaths, kills, meals, ticks lived; cells and distances of lives that are over."""
    spread: Floats
    """Of lives that are over, see `measures.spread`, `float64[lanes]`."""
    did: Ints
    """Meals by group and kind, `int64[lanes, G, KINDS]`."""
    went: Ints
    """Ticks by group and part of the map, `int64[lanes, G, PARTS * PARTS]`."""

    def __init__(self, lanes: int, params: ForagingParams | None = None) -> None:
        self.params = params = params or ForagingParams()
        count, each, everybody = params.populations, params.each, tuple(range(params.places))
        self.grid = Grid(params.size, params.border)
        self.population = np.repeat(np.arange(count), each)
        self.sight = Sight(params, self.grid, self.population)
        self._births = Births(params, self.grid, self.population)
        kinds = [everybody[index * each : (index + 1) * each] for index in range(count)]
        grouped = [everybody] if params.rivals or count == 1 else kinds
        self._starts = [members[0] for members in grouped]
        names = ["agents"] if len(grouped) == 1 else [f"population_{index}" for index in range(count)]
        members = params.each if params.rivals else params.places
        columns = dict(COLUMNS)
        if count > 1:
            columns |= {f"population_{index}": f"of them, of population {index}" for index in range(count)}
        spec = EnvSpec(
            agents=tuple(f"{'agent' if count == 1 else f'population_{who // each}'}_{who % each}" for who in everybody),
            groups=tuple(
                Group(name, part, self.sight.space, Discrete(ACTIONS))
                for name, part in zip(names, grouped, strict=True)
            ),
            sides=tuple(kinds) if params.rivals else (everybody,),
            dynamics="simultaneous",
            max_length=params.max_length,
            returns=(members * params.max_length * params.death, members * params.max_length * params.alive),
            symmetric=params.rivals,
            births=True,
            info=columns,
        )
        super().__init__(spec, lanes)
        self.over[:] = True

    def common(self) -> dict[str, Any]:
        """See `Vectorised`."""
        return super().common() | {"over": np.False_}

    def fields(self) -> dict[str, Any]:
        """See the class, and `rules.Herd`."""
        places, width = self.params.places, self.grid.width
        one, kinds = np.zeros(places, dtype=np.int64), np.zeros((places, KINDS), dtype=np.int64)
        herd = dict.fromkeys(HERD, one) | {"last": one - 1, "skill": kinds, "gathered": kinds}
        groups = self.params.populations if self.params.populations > 1 else 4
        return {
            **herd,
            **dict.fromkeys(("region", "born_x", "born_y", "far", "cells"), one),
            "visited": np.zeros((places, _SEEN * _SEEN // 8), dtype=np.uint8),
            "ground": np.zeros((width, width), dtype=np.uint8),
            "ripe_at": np.full((width, width), NEVER, dtype=np.int32),
            "sums": np.zeros(7, dtype=np.int64),
            "spread": np.float64(0),
            "did": np.zeros((groups, KINDS), dtype=np.int64),
            "went": np.zeros((groups, PARTS * PARTS), dtype=np.int64),
        }

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """A new map, on which everything is ripe, and newcomers at its edges. See `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        params, seed = self.params, self.seed[lanes]
        self.ground[lanes] = terrain(rng.mix(seed, _GROUND), params.size, params.border)
        self.ripe_at[lanes] = np.where(grows(self.ground[lanes]), 0, NEVER)
        herd = self._herd(lanes)
        places = rng.uniform(rng.mix(seed[:, None], _BORN, np.arange(params.places)[None]).ravel())
        herd.health[...] = np.where(places.reshape(herd.health.shape) < params.start, 0, -1)  # -1: not for now
        herd.health[:, 0] = 0  # somebody comes
        for attempt in range(_TRIES):
            stands = occupied(herd, self.grid)
            edges, keys = rng.mix(seed, _EDGES), rng.mix(seed, _BORN, _TRIES + attempt)
            self._born(lanes, herd, self._births.newcomers(herd.health == 0, stands, 1.0, edges, keys))
        herd.health[herd.health < 0] = 0
        self._keep(lanes, herd)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Let the living act in `lanes`; see `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        lived = self.health[lanes] > 0
        act = self._read(lived, actions)
        fault = np.where((act == ACTIONS).any(axis=1), (act == ACTIONS).argmax(axis=1), -1)
        fair = fault < 0
        self.tick[lanes] += 1
        rewards = np.zeros(lived.shape)
        rewards[~fair] = self._forfeited(lanes[~fair], lived[~fair], fault[~fair])
        self._play(lanes[fair], act[fair])
        alive = self.health[lanes] > 0
        rewards[fair] = np.where(alive, self.params.alive, np.where(lived, self.params.death, 0.0))[fair]
        late = fair & (self.tick[lanes] >= self.params.max_length)
        truncated = alive & late[:, None]
        ended = lived & (~alive | late[:, None] | ~fair[:, None])
        final = self._rows(lanes, ended)
        go_on = lanes[fair & ~late]
        self._deliver(go_on)
        done = ~fair | late | ~(self.health[lanes] > 0).any(axis=1)
        self.over[lanes] = done
        info = self.columns(lanes, fair)
        return Step(lanes, rewards, ended & ~truncated, truncated, done, fault, final, self.turn(lanes), info)

    def turn(self, lanes: Lanes) -> Turn:
        """Rows of the living, in `lanes` where a match is going on."""
        return self._rows(lanes, (self.health[lanes] > 0) & ~self.over[lanes][:, None])

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """See `COLUMNS`."""
        alive = self.health[lanes] > 0
        living = alive.sum(axis=1)
        births, deaths, kills, meals, ticks, cells, far = self.sums[lanes].T
        lives, did, went = np.maximum(births, 1), self.did[lanes], self.went[lanes]
        within = self.spread[lanes] + (measures.spread(self.gathered[lanes]) * alive).sum(axis=1)
        columns = {
            "population": living,
            "births": births,
            "deaths": deaths,
            "kills": kills,
            "eaten": meals,
            "lifetime": ticks / lives,
            "mortality": 1000 * deaths / np.maximum(ticks, 1),
            "explored": (cells + (self.cells[lanes] * alive).sum(axis=1)) / lives,
            "distance": (far + (self.far[lanes] * alive).sum(axis=1)) / lives,
            "variety": measures.entropy(did.sum(axis=1)) / np.log(KINDS),
            "division": measures.division(did.sum(axis=1), within),
            "specialisation": measures.specialisation(did),
            "territory": measures.specialisation(went),
        }
        for index in range(self.params.populations if self.params.populations > 1 else 0):
            columns[f"population_{index}"] = alive[:, self.population == index].sum(axis=1)
        return {name: np.asarray(column, dtype=float) for name, column in columns.items()}

    def render(self, lane: int) -> Frame:
        """The map and who lives on it."""
        herd, here = self._herd(np.array([lane])), slice(self.grid.border, self.grid.border + self.grid.size)
        tick, count = int(self.tick[lane]), int((herd.health > 0).sum())
        births, deaths = self.sums[lane, :2].tolist()
        head = f"tick {tick}: {count} live, {births} born, {deaths} died"
        return drawn(head, self._codes(np.array([lane]))[0, here, here], herd, self.population)

    def _play(self, lanes: Lanes, act: Ints) -> None:
        """Everything but births."""
        herd, grid, before = self._herd(lanes), self.grid, self.health[lanes] > 0
        keys = rng.mix(self.seed[lanes], self.tick[lanes])
        stands, codes = occupied(herd, grid), self._codes(lanes).reshape(-1)
        kills = rules.strike(herd, act, grid, stands, self.population)
        rules.move(herd, act, grid, stands, codes, rng.extend(keys, _MOVE))
        lane, who, cell, kind = rules.forage(herd, grid, codes)
        rules.live(herd)
        herd.last = np.where(herd.alive, act, -1)
        self._eaten(lanes, lane, cell, rng.extend(keys, _GROW))
        np.add.at(self.did, (lanes[lane], self._group(lanes)[lane, who], kind), 1)
        self._keep(lanes, herd)
        self._count(lanes, before, herd, kills.sum(axis=1), np.bincount(lane, minlength=len(lanes)))

    def _eaten(self, lanes: Lanes, lane: Ints, cell: Ints, keys: Keys) -> None:
        """What was eaten in these cells grows again after a time that has no memory."""
        row, column = np.divmod(cell % self.grid.width**2, self.grid.width)
        wait = -np.log1p(-rng.uniform(rng.extend(keys[lane], cell % self.grid.width**2))) * self.params.regrowth
        self.ripe_at[lanes[lane], row, column] = self.tick[lanes[lane]] + 1 + wait.astype(np.int64)

    def _count(self, lanes: Lanes, before: Bools, herd: Herd, kills: Ints, meals: Ints) -> None:
        """Keep account of a tick, of those who lived it, `before[L, N]`, and of those who died of it."""
        lane, who = np.nonzero(before)
        at = lanes[lane]
        self._visit(lanes, lane, who, herd)
        part = PARTS * (herd.y[lane, who] * PARTS // self.grid.size) + herd.x[lane, who] * PARTS // self.grid.size
        np.add.at(self.went, (at, self._group(lanes)[lane, who], part), 1)
        died = before & ~herd.alive
        sums = [np.zeros_like(kills), died.sum(axis=1), kills, meals, before.sum(axis=1)]
        sums += [(self.cells[lanes] * died).sum(axis=1), (self.far[lanes] * died).sum(axis=1)]
        self.sums[lanes] += np.stack(sums, axis=1)
        self.spread[lanes] += (measures.spread(herd.gathered) * died).sum(axis=1)

    def _visit(self, lanes: Lanes, lane: Ints, who: Ints, herd: Herd) -> None:
        """Those living are where they are: what they have explored by now."""
        at, x, y = lanes[lane], herd.x[lane, who], herd.y[lane, who]
        place = (y % _SEEN) * _SEEN + x % _SEEN
        byte, bit = place >> 3, (1 << (place & 7)).astype(np.uint8)
        known = self.visited[at, who, byte]
        self.visited[at, who, byte] = known | bit
        self.cells[at, who] += (known & bit) == 0
        away = np.maximum(np.abs(x - self.born_x[at, who]), np.abs(y - self.born_y[at, who]))
        self.far[at, who] = np.maximum(self.far[at, who], away)

    def _deliver(self, lanes: Lanes) -> None:
        """Children and newcomers of a tick."""
        if not len(lanes):
            return
        herd, seed = self._herd(lanes), self.seed[lanes]
        keys, codes = rng.mix(seed, self.tick[lanes]), self._codes(lanes).reshape(-1)
        region, stands = self.region[lanes], occupied(herd, self.grid)
        born, parents = self._births.children(herd, region, stands, codes, rng.extend(keys, _CHILD))
        self._births.pay(herd, parents)
        self._born(lanes, herd, born)
        stands = occupied(herd, self.grid)
        edges, keys = rng.mix(seed, _EDGES), rng.extend(keys, _BORN)
        self._born(lanes, herd, self._births.newcomers(~herd.alive, stands, self.params.spawns, edges, keys))
        self._keep(lanes, herd)

    def _born(self, lanes: Lanes, herd: Herd, born: list[Ints]) -> None:
        """Let these take their places."""
        lane, who, x, y, region = born
        at = lanes[lane]
        for name in HERD:
            getattr(herd, name)[lane, who] = self._fresh[name][0]
        herd.x[lane, who], herd.y[lane, who], herd.health[lane, who] = x, y, FULL
        herd.food[lane, who] = herd.water[lane, who] = BEGIN
        self.region[at, who], self.born_x[at, who], self.born_y[at, who] = region, x, y
        self.far[at, who] = self.cells[at, who] = 0
        self.visited[at, who] = 0
        self._visit(lanes, lane, who, herd)
        self.sums[lanes, 0] += np.bincount(lane, minlength=len(lanes))

    def _herd(self, lanes: Lanes) -> Herd:
        return Herd(**{name: getattr(self, name)[lanes] for name in HERD})

    def _keep(self, lanes: Lanes, herd: Herd) -> None:
        for name in HERD:
            getattr(self, name)[lanes] = getattr(herd, name)

    def _codes(self, lanes: Lanes) -> Array:
        """What grows or stands where, one more where it is ripe, `uint8[L, W, W]`."""
        return self.ground[lanes] + (self.ripe_at[lanes] <= self.tick[lanes, None, None])

    def _group(self, lanes: Lanes) -> Ints:
        """Of whom measures say how different they are, `int64[L, N]`."""
        if self.params.populations == 1:
            return self.region[lanes]
        return np.broadcast_to(self.population, (len(lanes), self.params.places))

    def _read(self, lived: Bools, actions: Actions) -> Ints:
        """What everybody does, `int64[L, N]`: -1 where nobody lives, and `ACTIONS` for what is no action."""
        bounds = [*self._starts, self.params.places]
        counts = [int(lived[:, start:stop].sum()) for start, stop in pairwise(bounds)]
        act = np.full(lived.shape, -1, dtype=np.int64)
        batches = self._batches(counts, actions)
        for group, batch, start, stop in zip(self.spec.groups, batches, bounds[:-1], bounds[1:], strict=True):
            act[:, start:stop][lived[:, start:stop]] = np.where(legal(group.action, batch, None), batch, ACTIONS)
        return act

    def _rows(self, lanes: Lanes, shown: Bools) -> Turn:
        """Rows of those who are `shown` `[L, N]`, by group."""
        if not shown.any():
            return (None,) * len(self.spec.groups)
        herd, codes = self._herd(lanes), self._codes(lanes).reshape(-1)
        stands, turn = occupied(herd, self.grid), []
        bounds = [*self._starts, self.params.places]
        for index, (start, stop) in enumerate(pairwise(bounds)):
            lane, who = np.nonzero(shown[:, start:stop])
            who += start
            if not len(lane):
                turn.append(None)
                continue
            seen, first = self.sight(herd, stands, codes, lane, who), herd.age[lane, who] == 0
            turn.append(Rows(lanes[lane], who, seen, None, first, index))
        return tuple(turn)

    def _forfeited(self, lanes: Lanes, lived: Bools, fault: Ints) -> Floats:
        """The side of who broke the rules dies; the others are paid as if they lived on."""
        left = self.params.max_length - self.tick[lanes] + 1
        side = self.spec.side_of
        mine = side[None] == side[fault][:, None]
        return np.asarray(lived * np.where(mine, self.params.death, self.params.alive * left[:, None]))
