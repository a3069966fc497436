"""What a car sees. Lengths are in units of 20 m and speeds in units of 20 m/s; docs/carball.md lists all numbers.

Most of it is in the car's own frame, forward and to the left; some is in its team's, in which the goal that it attacks
is at x = 1 and y runs to the left. Team 1's frame is team 0's, turned by half a turn: no side is to be preferred, and
what is to the left of one is to the left of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.space import Box
from marl.types import Array, Bools, Floats
from marl_carball.bodies import Bodies
from marl_carball.control import CONTINUOUS, DISCRETE
from marl_carball.field import LENGTH, PADS, Reals

UNIT = LENGTH  # metres, and metres a second
OWN = (
    "x", "y", "heading_x", "heading_y", "speed", "slide", "boost", "time", "lead",
    "ball_ahead", "ball_left", "ball_speed_ahead", "ball_speed_left",
    "ball_x", "ball_y", "ball_speed_x", "ball_speed_y", "way_x", "way_y",
    "goal_ahead", "goal_left", "home_ahead", "home_left",
    "ball_distance", "goal_distance", "home_distance", "alignment", "approach", "ball_approach",
    "pad_ahead", "pad_left",
)  # fmt: skip
OTHER = ("ahead", "left", "speed_ahead", "speed_left", "heading_ahead", "heading_left", "boost")
AT = {name: number for number, name in enumerate(OWN)}


@dataclass(frozen=True)
class Layout:
    """A row is `OWN`, then `OTHER` of every teammate and of every opponent, in the order of their slots."""

    team: int

    @property
    def width(self) -> int:
        """How many numbers an observation has."""
        return len(OWN) + (2 * self.team - 1) * len(OTHER)

    @property
    def box(self) -> Box:
        """The space of observations."""
        return Box((self.width,), -4.5, 4.5)

    @classmethod
    def of(cls, spec: EnvSpec) -> Layout:
        """What the rows of a game are like. Raises UserError where they are not carball's."""
        for team in (1, 2, 3):
            for group in spec.groups[:1]:
                if group.observation == cls(team).box and group.action in (CONTINUOUS, DISCRETE):
                    return cls(team)
        raise UserError(
            "this policy plays carball (carball/two_team, carball/cooperative) and no other game; the rows here are "
            f"{spec.groups[0].observation}"
        )


@dataclass
class Scene:
    """All that there is to see, lanes last. `lead[L]`: goals of team 0 less those of team 1."""

    bodies: Bodies  # [1 + 2 n, L]
    hx: Reals  # float32[2 n, L]: where cars look
    hy: Reals
    tank: Reals  # float32[2 n, L]
    ready: Bools  # bool[6, L]: which pads are there
    time: Floats  # [L], how much of the match is over, up to 1
    lead: Floats


@dataclass
class _Frame:
    """All vectors as one side has them."""

    x: Reals  # float32[1 + 2 n, L]
    y: Reals
    vx: Reals
    vy: Reals
    hx: Reals  # float32[2 n, L]
    hy: Reals

    @classmethod
    def of(cls, scene: Scene, side: int) -> _Frame:
        sign, bodies = np.float32(1 - 2 * side), scene.bodies
        unit = sign / np.float32(UNIT)
        return cls(
            unit * bodies.x, unit * bodies.y, unit * bodies.vx, unit * bodies.vy, sign * scene.hx, sign * scene.hy
        )


def observe(scene: Scene, side: int) -> Reals:
    """What the cars of a side see, `float32[L, n, width]`, a view of an array whose lanes are last."""
    half, lanes = len(scene.hx) // 2, scene.hx.shape[1]
    frame = _Frame.of(scene, side)
    rows = np.empty((Layout(half).width, half, lanes), np.float32)
    _own(rows, scene, frame, side)
    _others(rows[len(OWN) :].reshape(2 * half - 1, len(OTHER), half, lanes), scene, frame, side)
    return rows.transpose(2, 1, 0)


def _own(rows: Reals, scene: Scene, frame: _Frame, side: int) -> None:
    """Everything but the other cars."""
    half = rows.shape[1]
    mine = slice(side * half, side * half + half)
    x, y, vx, vy = (part[1:][mine] for part in (frame.x, frame.y, frame.vx, frame.vy))
    hx, hy = frame.hx[mine], frame.hy[mine]
    ball_x, ball_y, ball_vx, ball_vy = (part[0] for part in (frame.x, frame.y, frame.vx, frame.vy))
    dx, dy, way_x, way_y = ball_x - x, ball_y - y, 1 - ball_x, -ball_y
    away, to_goal, to_home = _length(dx, dy), _length(way_x, way_y), _length(1 + ball_x, ball_y)
    near, path = np.maximum(away, np.float32(1e-6)), np.maximum(to_goal, np.float32(1e-6))
    values = {
        "x": x, "y": y, "heading_x": hx, "heading_y": hy, "boost": scene.tank[mine],
        "time": scene.time, "lead": np.clip(scene.lead * ((1 - 2 * side) / 5), -1, 1),
        "ball_x": ball_x, "ball_y": ball_y, "ball_speed_x": ball_vx, "ball_speed_y": ball_vy,
        "way_x": way_x, "way_y": way_y,
        "ball_distance": away, "goal_distance": to_goal, "home_distance": to_home,
        "alignment": (dx * way_x + dy * way_y) / (near * path),
        "approach": (vx * dx + vy * dy) / near,
        "ball_approach": (ball_vx * way_x + ball_vy * way_y) / path,
    }  # fmt: skip
    for name, value in values.items():
        rows[AT[name]] = value
    pad_x, pad_y = _nearest_pad(scene.ready, x, y, side)
    for name, to_x, to_y in (
        ("speed", vx, vy), ("ball_ahead", dx, dy), ("ball_speed_ahead", ball_vx - vx, ball_vy - vy),
        ("goal_ahead", 1 - x, -y), ("home_ahead", -1 - x, -y), ("pad_ahead", pad_x, pad_y),
    ):  # fmt: skip
        _turn(rows[AT[name]], rows[AT[name] + 1], to_x, to_y, hx, hy)


def _others(rows: Reals, scene: Scene, frame: _Frame, side: int) -> None:
    """The other cars `[2 n - 1, 7, n, L]`, as each car of the side sees them."""
    half = rows.shape[2]
    cars, mine = _order(half, side), slice(side * half, side * half + half)
    hx, hy = frame.hx[mine], frame.hy[mine]
    vectors = [(part[1:][cars] - part[1:][mine]) for part in (frame.x, frame.y, frame.vx, frame.vy)]
    vectors += [frame.hx[cars], frame.hy[cars]]
    for number in (0, 2, 4):
        _turn(rows[:, number], rows[:, number + 1], vectors[number], vectors[number + 1], hx, hy)
    rows[:, 6] = scene.tank[cars]


@cache
def _order(half: int, side: int) -> Array:
    """The others as each car of a side has them, `[2 n - 1, n]`: teammates by slot, then opponents."""
    mine, theirs = range(side * half, side * half + half), range((1 - side) * half, (2 - side) * half)
    return np.array([[car for car in mine if car != own] + list(theirs) for own in mine]).T


def _nearest_pad(ready: Bools, x: Reals, y: Reals, side: int) -> tuple[Reals, Reals]:
    """The way to the nearest pad that is there, `[n, L]` each; 0 where there is none."""
    best = np.full(x.shape, np.inf, np.float32)
    best_x, best_y = np.zeros_like(x), np.zeros_like(y)
    for number in range(len(PADS)):
        there = PADS[number] / np.float32(UNIT)  # what is pad 2k to side 0 is pad 2k + 1 to side 1
        dx, dy = there[0] - x, there[1] - y
        square = np.where(ready[number ^ side], dx * dx + dy * dy, np.float32(np.inf))
        nearer = square < best
        best = np.where(nearer, square, best)
        best_x, best_y = np.where(nearer, dx, best_x), np.where(nearer, dy, best_y)
    return best_x, best_y


def _length(x: Reals, y: Reals) -> Reals:
    return np.asarray(np.sqrt(x * x + y * y))


def _turn(ahead: Reals, left: Reals, x: Reals, y: Reals, hx: Reals, hy: Reals) -> None:
    """Vectors as who looks along (hx, hy) has them."""
    np.add(x * hx, y * hy, out=ahead)
    np.subtract(y * hx, x * hy, out=left)
