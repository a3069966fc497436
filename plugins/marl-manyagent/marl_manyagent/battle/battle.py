"""The battle as an environment: two sides that are alike, and rows for the living alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import Actions, EnvSpec, Frame, Group, Lanes, Rows, Step, Turn
from marl.games.drawing import BLUE, RED, rect, svg
from marl.games.vectorised import Vectorised
from marl.space import Box, Discrete, legal
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_manyagent.battle.rules import ACTIONS, DYING, HEALTH, KILL, STEP, STRIKING, Army, tick
from marl_manyagent.battle.sight import Sight


@dataclass
class BattleParams:
    """Parameters of the battle."""

    soldiers: int = 64
    """Of each army."""
    size: int = 24
    """Cells along a side of the field."""
    view: int = 4
    """How far soldiers see, in cells, across corners too."""
    neighbourhood: int = 4
    """How far off soldiers of the same army are neighbours, whose last actions are shown as their mean."""
    gap: int = 4
    """Columns between the armies at the start; an even number (one more where `size` is odd)."""
    max_length: int = 200
    """Ticks after which a match is cut short."""

    def __post_init__(self) -> None:
        for name in ("soldiers", "view", "neighbourhood", "max_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.gap < 0 or self.gap % 2:
            raise ValueError(f"gap must be an even number from 0 on, not {self.gap}")
        if self.columns > self.size // 2 - self.gap // 2:
            raise ValueError(
                f"two armies of {self.soldiers} soldiers do not fit on a field of {self.size} x {self.size}: they "
                f"stand half as dense as can be in {self.columns} columns each, with {self.gap} between them"
            )

    @property
    def columns(self) -> int:
        """How many columns an army stands in at the start: half of the cells are free."""
        return math.ceil(2 * self.soldiers / self.size) if self.size > 0 else self.soldiers


class Battle(Vectorised):
    """An `Environment`, and `Forkable`. An army that has nobody left has lost; after `max_length` ticks a match is cut.

    A soldier stays, moves to one of four cells, or strikes at one of the eight around it: see `battle/rules.py` for
    what that does and pays, `battle/sight.py` for what it sees.
    """

    over: Bools
    """Whether no match is going on, `bool[lanes]`."""
    x: Ints
    """Where soldiers are, or fell: `int64[lanes, N]`, as `y`, `health` (in tenths, 0 of the dead) and `last`."""
    y: Ints
    health: Ints
    last: Ints
    """What each did last; -1: nothing yet, or dead."""

    def __init__(self, lanes: int, params: BattleParams | None = None) -> None:
        self.params = params = params or BattleParams()
        half, everybody = params.soldiers, tuple(range(2 * params.soldiers))
        self.sight = Sight(params.size, params.view, params.neighbourhood)
        spec = EnvSpec(
            agents=tuple(f"{army}_{number}" for army in ("blue", "red") for number in range(half)),
            groups=(Group("soldiers", everybody, self.sight.space, Discrete(ACTIONS)),),
            sides=(everybody[:half], everybody[half:]),
            dynamics="simultaneous",
            max_length=params.max_length,
            returns=(
                half * (params.max_length * (STEP + STRIKING) + DYING),
                half * (KILL + params.max_length * 0.1),
            ),
            state=Box((2, params.size, params.size), 0, HEALTH, "uint8"),
            symmetric=True,
            info={"living_0": "soldiers of army 0 that live", "living_1": "soldiers of army 1 that live"},
        )
        super().__init__(spec, lanes)
        self.over[:] = True

    def common(self) -> dict[str, Any]:
        """See `Vectorised`."""
        return super().common() | {"over": np.False_}

    def fields(self) -> dict[str, Any]:
        """See the class."""
        none = np.zeros(2 * self.params.soldiers, dtype=np.int64)
        return {"x": none, "y": none, "health": none + HEALTH, "last": none - 1}

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Armies are drawn up; army 1 stands where army 0 is after half a turn. See `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        params = self.params
        half, far, rows = params.soldiers, params.size - 1, params.size
        cells = params.columns * rows
        drawn = rng.uniform(rng.mix(self.seed[lanes][:, None], np.arange(cells)[None]).ravel())
        column, row = np.divmod(np.argsort(drawn.reshape(-1, cells), axis=1)[:, :half], rows)
        x, y = params.size // 2 - params.gap // 2 - 1 - column, row
        self.x[lanes] = np.concatenate([x, far - x], axis=1)
        self.y[lanes] = np.concatenate([y, far - y], axis=1)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Let the living act in `lanes`; see `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        alive = self.health[lanes] > 0
        (batch,) = self._batches([int(alive.sum())], actions)
        fault = self._fault(alive, batch)
        fair = fault < 0
        rewards = np.zeros(alive.shape)
        if not fair.all():
            rewards[~fair] = self._forfeited(alive[~fair], fault[~fair])
        act = np.full(alive.shape, -1, dtype=np.int64)
        act[alive & fair[:, None]] = batch[np.repeat(fair, alive.sum(axis=1))]
        self.tick[lanes] += 1
        rewards[fair] = self._played(lanes[fair], act[fair])
        living = (self.health[lanes] > 0).reshape(len(lanes), 2, -1).any(axis=2).all(axis=1)
        late = fair & living & (self.tick[lanes] >= self.params.max_length)
        done = ~fair | ~living | late
        self.over[lanes] = done
        ended = alive & ((self.health[lanes] == 0) | done[:, None])
        truncated = ended & late[:, None] & (self.health[lanes] > 0)
        final = (self._rows(lanes, *np.nonzero(ended)),)
        info = self.columns(lanes, fair)
        return Step(lanes, rewards, ended & ~truncated, truncated, done, fault, final, self.turn(lanes), info)

    def turn(self, lanes: Lanes) -> Turn:
        """Rows of the living, in `lanes` where a match is going on."""
        alive = (self.health[lanes] > 0) & ~self.over[lanes][:, None]
        return (self._rows(lanes, *np.nonzero(alive)),)

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """How many live."""
        living = (self.health[lanes] > 0).reshape(len(lanes), 2, -1).sum(axis=2).astype(float)
        return {"living_0": living[:, 0], "living_1": living[:, 1]}

    def state(self, lanes: Lanes) -> Array:
        """The health of both armies by cell, in tenths: `uint8[L, 2, size, size]`."""
        health, size = self.health[lanes], self.params.size
        result = np.zeros((len(lanes), 2, size, size), dtype=np.uint8)
        lane, who = np.nonzero(health > 0)
        at = lanes[lane], who
        result[lane, (who >= self.params.soldiers).astype(np.int64), self.y[at], self.x[at]] = health[lane, who]
        return result

    def render(self, lane: int) -> Frame:
        """Army 0 is o (blue squares), army 1 is x (red dots); the paler, the weaker."""
        size, (count,) = self.params.size, self.state(np.array([lane]))
        living = (self.health[lane] > 0).reshape(2, -1).sum(axis=1)
        head = f"tick {self.tick[lane]}: blue (o) {living[0]}, red (x) {living[1]}"
        letters = np.array([".", "o", "x"])[(count[0] > 0) + 2 * (count[1] > 0)]
        cell = max(3, 480 // size)
        parts = [rect(0, 0, size * cell, size * cell, "none")]
        for army, y, x in np.argwhere(count).tolist():
            strong = f'fill="{(BLUE, RED)[army]}" fill-opacity="{0.3 + 0.7 * count[army, y, x] / HEALTH:.2f}"'
            if army:
                parts.append(
                    f'<circle cx="{(x + 0.5) * cell:g}" cy="{(y + 0.5) * cell:g}" r="{0.46 * cell:g}" {strong}/>'
                )
            else:
                gap, side = 0.06 * cell, 0.88 * cell
                parts.append(
                    f'<rect x="{x * cell + gap:g}" y="{y * cell + gap:g}" width="{side:g}" height="{side:g}" {strong}/>'
                )
        return Frame("\n".join([head, *("".join(line) for line in letters)]), svg(size * cell, size * cell, parts))

    def _played(self, lanes: Lanes, act: Ints) -> Floats:
        army = Army(self.x[lanes], self.y[lanes], self.health[lanes])
        rewards = tick(army, act, rng.mix(self.seed[lanes], self.tick[lanes]), self.params.size)
        self.x[lanes], self.y[lanes], self.health[lanes] = army.x, army.y, army.health
        self.last[lanes] = np.where(army.health > 0, act, -1)
        return rewards

    def _rows(self, lanes: Lanes, at: Ints, agent: Ints) -> Rows | None:
        """Rows of `agent[K]` in lane number `at[K]` of these."""
        if not len(at):
            return None
        army = Army(self.x[lanes], self.y[lanes], self.health[lanes])
        lane = lanes[at]
        return Rows(lane, agent, self.sight(army, self.last[lanes], at, agent), None, self.tick[lane] == 0, 0)

    def _fault(self, alive: Bools, batch: Array) -> Ints:
        """The first soldier of each lane whose action is none of these, `int64[L]`, or -1."""
        fault = np.full(len(alive), -1, dtype=np.int64)
        wrong = ~legal(self.spec.groups[0].action, batch, None)
        if wrong.any():
            lane, agent = (index[wrong] for index in np.nonzero(alive))
            fault[lane[::-1]] = agent[::-1]
        return fault

    def _forfeited(self, alive: Bools, fault: Ints) -> Floats:
        """The other army is given all who live as killed, shared among its own living."""
        half = self.params.soldiers
        mine = (np.arange(alive.shape[1])[None] >= half) == (fault[:, None] >= half)
        own, theirs = alive & mine, alive & ~mine
        share = KILL * own.sum(axis=1) / np.maximum(theirs.sum(axis=1), 1)
        return np.asarray(np.where(own, DYING, 0.0) + theirs * share[:, None])
