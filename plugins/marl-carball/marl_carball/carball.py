"""What both modes share: the fields of a match, how a tick is played, and what is seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.space import Box
from marl.types import Array, Bools, Floats, Ints
from marl_carball import drawing, kickoff, sight
from marl_carball.bodies import MOVING, Bodies
from marl_carball.contacts import collide
from marl_carball.control import CONTINUOUS, DISCRETE
from marl_carball.driving import drive
from marl_carball.field import (
    FIRST,
    LENGTH,
    PAD_GIVES,
    PAD_RADIUS,
    PAD_TICKS,
    PADS,
    SUBSTEPS,
    TICK,
    TOP,
    Reals,
)
from marl_carball.sight import UNIT, Layout, Scene
from marl_carball.walls import keep_inside

COLUMNS = {
    "goals": "goals of each side at this tick",
    "score": "goals of each side so far",
    "touches": "whether each car hit the ball at this tick",
    "push": "how much faster each car made the ball fly towards the goal it attacks at this tick, in m/s",
    "pads": "how many pads each car took at this tick",
    "ball": "the ball: x, y, and its velocity by x and y, in m and m/s; goals of side 0 fall at x = 20",
    "cars": "each car: x, y, velocity by x and y, heading by x and y",
    "goal_distance": "how far the ball is from the goal that each side attacks, in m",
    "won": "whether side 0 won at this tick, when time was up",
    "lost": "whether side 0 lost at this tick",
}
_BLOCK = 1 << 20  # bytes of observations that are made at a time


@dataclass
class Params:
    """What both modes take."""

    team: int = 1  # cars of a team: 1, 2 or 3
    control: Literal["discrete", "continuous"] = "discrete"  # one of twelve choices, or three real numbers
    ticks: int = 300  # how long a match is, in decisions
    hold: int = 1  # how long each holds, in tenths of a second

    def __post_init__(self) -> None:
        if self.team not in (1, 2, 3):
            raise ValueError(f"team must be 1, 2 or 3 cars, not {self.team}")
        if self.ticks < 1:
            raise ValueError(f"ticks must be 1 or more (decisions of each car), not {self.ticks}")
        if not 1 <= self.hold <= 10:
            raise ValueError(f"hold must be from 1 to 10 (tenths of a second), not {self.hold}")


class Carball(SimultaneousGame):
    """The rules, for two teams of which one or both are agents. Lanes come first in all fields."""

    x: Reals  # float32[lanes, 1 + 2 n]: the ball, the cars of team 0, those of team 1
    y: Reals
    vx: Reals
    vy: Reals
    hx: Reals  # float32[lanes, 2 n]: where cars look
    hy: Reals
    tank: Reals  # float32[lanes, 2 n]
    wait: Ints  # int64[lanes, 6]: ticks until each pad is there
    score: Ints  # int64[lanes, 2]
    goal: Ints  # int64[lanes]: 1 where team 0 scored at this tick, -1 where team 1 did
    touched: Bools  # bool[lanes, 2 n]: at this tick
    push: Reals  # float32[lanes, 2 n]
    took: Ints  # int64[lanes, 2 n]
    boosting: Bools  # bool[lanes, 2 n]

    def __init__(self, lanes: int, params: Params, sides: int) -> None:
        self.params, self.playing_sides = params, sides
        self.cars = 2 * params.team
        self.agents = params.team * sides
        self.layout = Layout(params.team)
        super().__init__(self._spec(), lanes)

    def _spec(self) -> EnvSpec:
        params, everyone, team = self.params, tuple(range(self.agents)), self.params.team
        most = 1.0 - (-params.ticks // max(_FASTEST // params.hold, 1))  # and a goal for breaking the rules
        control = DISCRETE if params.control == "discrete" else CONTINUOUS
        two = self.playing_sides == 2
        names = [f"team_{agent // team}_car_{agent % team}" if two else f"car_{agent}" for agent in everyone]
        return EnvSpec(
            agents=tuple(names),
            groups=(Group("cars", everyone, self.layout.box, control),),
            sides=(everyone[:team], everyone[team:]) if two else (everyone,),
            dynamics="simultaneous",
            max_length=params.ticks,
            returns=(-most, most),
            state=Box((6 + 7 * self.cars + len(PADS),), -4.5, 4.5),
            zero_sum=two,
            symmetric=two,
            info=COLUMNS,
        )

    def fields(self) -> dict[str, Any]:
        """A match before its kick-off."""
        car, body = np.zeros(self.cars, np.float32), np.zeros(1 + self.cars, np.float32)
        known: dict[str, Any] = dict.fromkeys(MOVING, body)
        known |= {"hx": car + np.float32(1), "hy": car, "tank": car, "push": car}
        known |= {"wait": np.zeros(len(PADS), np.int64), "score": np.zeros(2, np.int64), "goal": np.int64(0)}
        flags = np.zeros(self.cars, np.bool_)
        return known | {"touched": flags, "boosting": flags, "took": np.zeros(self.cars, np.int64)}

    def begin(self, lanes: Lanes) -> None:
        """The first kick-off."""
        self._kick_off(lanes)

    def _kick_off(self, lanes: Lanes) -> None:
        team = self.params.team
        placed = kickoff.places(self.seed[lanes], self.score[lanes].sum(axis=1), team)
        for name, values in zip(("x", "y", "hx", "hy"), placed, strict=True):
            getattr(self, name)[lanes, -self.cars :] = np.concatenate([values, -values]).T
        self.x[lanes, 0] = self.y[lanes, 0] = 0
        self.vx[lanes] = self.vy[lanes] = 0
        self.tank[lanes], self.wait[lanes] = FIRST, 0

    def tick_of(self, lanes: Lanes, control: Reals) -> tuple[Floats, Bools]:
        """Play a decision, `control[L, 2 n, 3]` of all cars: what side 0 earns `float64[L]`, and which are over."""
        bodies = self.bodies(lanes)
        heading = self._turned(self.hx, lanes), self._turned(self.hy, lanes)
        tank, control = self._turned(self.tank, lanes), np.ascontiguousarray(control.transpose(2, 1, 0))
        self.boosting[lanes] = ((control[2] > 0) & (tank > 0)).T
        goal, hits = np.zeros(len(lanes), np.int64), np.zeros((2, self.cars, len(lanes)), np.float32)
        self.took[lanes] = 0
        for _ in range(self.params.hold):
            for _ in range(SUBSTEPS):
                drive(bodies, heading, tank, control, TICK / SUBSTEPS)
                bodies.drift(TICK / SUBSTEPS)
                hits += np.stack(collide(bodies))
                keep_inside(bodies)
                inside = (np.abs(bodies.x[0]) > LENGTH) & (goal == 0)
                goal = np.where(inside, np.sign(bodies.x[0]), goal).astype(np.int64)
            self._take_pads(lanes, bodies, tank)
        for name in MOVING:
            getattr(self, name)[lanes] = getattr(bodies, name).T
        self.hx[lanes], self.hy[lanes], self.tank[lanes] = heading[0].T, heading[1].T, tank.T
        self._count(lanes, bodies, hits[0], hits[1], goal)
        return goal.astype(np.float64), self.tick[lanes] >= self.params.ticks

    def _count(self, lanes: Lanes, bodies: Bodies, hit_x: Reals, hit_y: Reals, goal: Ints) -> None:
        """What the columns say of this tick; kick off where there was a goal."""
        self.touched[lanes] = ((hit_x != 0) | (hit_y != 0)).T
        attack = np.repeat(np.array([LENGTH, -LENGTH], np.float32), self.params.team)[:, None]
        way_x, way_y = attack - np.clip(bodies.x[0], 1 - LENGTH, LENGTH - 1), -bodies.y[0]  # it may be in a net
        self.push[lanes] = ((hit_x * way_x + hit_y * way_y) / np.sqrt(way_x * way_x + way_y * way_y)).T
        self.goal[lanes] = goal
        self.score[lanes] += np.stack([goal > 0, goal < 0], axis=1)
        if goal.any():
            self._kick_off(lanes[goal != 0])

    def _take_pads(self, lanes: Lanes, bodies: Bodies, tank: Reals) -> None:
        """Fill the tanks of those who are on a pad, all that are there at once, in place."""
        waiting = np.maximum(self.wait[lanes].T - 1, 0)
        took = np.zeros(tank.shape, np.int64)
        for number, (pad_x, pad_y) in enumerate(PADS):
            dx, dy = bodies.x[1:] - pad_x, bodies.y[1:] - pad_y
            on = (dx * dx + dy * dy < np.float32(PAD_RADIUS**2)) & (waiting[number] == 0)
            if on.any():
                took += on
                waiting[number][on.any(axis=0)] = PAD_TICKS
        if took.any():
            np.minimum(tank + np.float32(PAD_GIVES) * took.astype(np.float32), np.float32(1), out=tank)
        self.wait[lanes] = waiting.T
        self.took[lanes] += took.T

    def bodies(self, lanes: Lanes) -> Bodies:
        """The ball and the cars of these matches, lanes last: copies."""
        return Bodies(*(self._turned(getattr(self, name), lanes) for name in MOVING))

    @staticmethod
    def _turned(field: Reals, lanes: Lanes) -> Reals:
        return np.ascontiguousarray(field[lanes].T)

    def scene(self, lanes: Lanes) -> Scene:
        """All that there is to see of these matches."""
        hx, hy, tank = (self._turned(field, lanes) for field in (self.hx, self.hy, self.tank))
        score = self.score[lanes]
        ready = np.ascontiguousarray(self.wait[lanes].T == 0)
        time = self.tick[lanes] / self.params.ticks
        return Scene(self.bodies(lanes), hx, hy, tank, ready, time, (score[:, 0] - score[:, 1]).astype(np.float64))

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        """The rows of all agents, lane by lane."""
        each, team = lanes[:: self.agents], self.params.team
        rows = np.empty((len(each), self.agents, self.layout.width), np.float32)
        some = max(_BLOCK // rows[:1].nbytes, 1)
        for start in range(0, len(each), some):  # what fits into a cache
            part = slice(start, start + some)
            scene = self.scene(each[part])
            for side in range(self.playing_sides):
                rows[part, side * team : (side + 1) * team] = sight.observe(scene, side)
        return rows.reshape(len(lanes), -1)

    def state(self, lanes: Lanes) -> Array:
        """Time, lead, the ball, every car (x, y, velocity, heading, tank) and which pads are there, for side 0."""
        unit = np.float32(1 / UNIT)
        lead = np.clip((self.score[lanes, 0] - self.score[lanes, 1]) / 5, -1, 1)
        moving = np.stack([getattr(self, name)[lanes] * unit for name in MOVING], axis=2)
        cars = [moving[:, 1:], *(field[lanes][:, :, None] for field in (self.hx, self.hy, self.tank))]
        parts = [(self.tick[lanes] / self.params.ticks)[:, None], lead[:, None], moving[:, 0]]
        parts += [np.concatenate(cars, axis=2).reshape(len(lanes), -1), self.wait[lanes] == 0]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """The columns of the tick; after a goal, places are those of the kick-off."""
        goal, score, sides = self.goal[lanes], self.score[lanes], slice(0, self.playing_sides)
        agents = slice(0, self.agents)
        moving = np.stack([getattr(self, name)[lanes] for name in MOVING], axis=2)
        heading = np.stack([self.hx[lanes], self.hy[lanes]], axis=2)
        way = np.stack([np.hypot(end - moving[:, 0, 0], moving[:, 0, 1]) for end in (LENGTH, -LENGTH)], axis=1)
        ended = self.tick[lanes] >= self.params.ticks
        return {
            "goals": np.stack([goal > 0, goal < 0], axis=1)[:, sides],
            "score": score[:, sides],
            "touches": self.touched[lanes][:, agents],
            "push": self.push[lanes][:, agents],
            "pads": self.took[lanes][:, agents],
            "ball": moving[:, 0],
            "cars": np.concatenate([moving[:, 1:], heading], axis=2),
            "goal_distance": way[:, sides],
            "won": ended & (score[:, 0] > score[:, 1]),
            "lost": ended & (score[:, 0] < score[:, 1]),
        }

    def render(self, lane: int) -> Frame:
        """A picture of the match."""
        one = np.array([lane])
        first, second = self.score[lane].tolist()
        said = f"{first} : {second}, {(self.params.ticks - self.tick[lane]) * self.params.hold * TICK:.1f} s to go"
        if self.tick[lane] >= self.params.ticks:
            said = f"{first} : {second} at the end"
        if self.goal[lane]:
            said += f": goal of team {int(self.goal[lane] < 0)}!"
        return drawing.draw(self.scene(one), self.boosting[lane], said)


_FASTEST = int(LENGTH / (TOP * TICK))  # ticks that the ball needs from the middle to a goal at least
