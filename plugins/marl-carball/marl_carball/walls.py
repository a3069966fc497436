"""Walls, cut corners and goal posts. All four quarters of the field are alike: they are folded into one.

A body that is beyond a wall is put back on it, and the part of its velocity that points out is turned round, times the
restitution: momentum goes into the wall, and energy never grows.
"""

from __future__ import annotations

import numpy as np

from marl.types import Array
from marl_carball.bodies import Bodies
from marl_carball.field import (
    BALL_RADIUS,
    BOUNCE_BALL,
    BOUNCE_CAR,
    CAR_RADIUS,
    CORNER,
    LENGTH,
    MOUTH,
    WIDTH,
    Reals,
)

_DIAGONAL = LENGTH + WIDTH - CORNER  # |x| + |y| on a cut corner
_ROOT = float(np.sqrt(2.0))


def keep_inside(bodies: Bodies) -> None:
    """Let all bodies bounce from walls, the ball from posts too; through the mouths of the goals it goes on."""
    _bounce(bodies, slice(0, 1), BALL_RADIUS, BOUNCE_BALL, mouth=MOUTH)
    _bounce(bodies, slice(1, None), CAR_RADIUS, BOUNCE_CAR, mouth=0.0)


def _bounce(bodies: Bodies, which: slice, radius: float, bounce: float, mouth: float) -> None:
    x, y = np.abs(bodies.x[which]), np.abs(bodies.y[which])
    out = (x > LENGTH - radius) | (y > WIDTH - radius) | (x + y > _DIAGONAL - radius * _ROOT)
    if not out.any():
        return
    ways = [np.where(side[which][out] < 0, np.float32(-1), np.float32(1)) for side in (bodies.x, bodies.y)]
    place = [x[out], y[out]]
    speed = [way * v[which][out] for way, v in zip(ways, (bodies.vx, bodies.vy), strict=True)]
    open_ = place[1] < mouth  # in front of a goal
    _wall(place[1], speed[1], np.float32(WIDTH - radius), bounce)
    ends = [place[0].copy(), speed[0].copy()]
    _wall(ends[0], ends[1], np.float32(LENGTH - radius), bounce)
    if mouth:
        _post(place, speed, open_, radius, bounce)
    place[0], speed[0] = np.where(open_, place[0], ends[0]), np.where(open_, speed[0], ends[1])
    _corner(place, speed, radius, bounce)
    for targets, values in (((bodies.x, bodies.y), place), ((bodies.vx, bodies.vy), speed)):
        for target, value, way in zip(targets, values, ways, strict=True):
            target[which][out] = way * value


def _wall(place: Reals, speed: Reals, limit: np.float32, bounce: float) -> None:
    """Reflect what is beyond `limit`, in its place."""
    beyond = place > limit
    speed[beyond & (speed > 0)] *= np.float32(-bounce)
    place[beyond] = limit


def _post(place: list[Reals], speed: list[Reals], open_: Array, radius: float, bounce: float) -> None:
    """The post at (LENGTH, MOUTH), a point, for what is in front of a goal and has not passed it."""
    dx, dy = place[0] - np.float32(LENGTH), place[1] - np.float32(MOUTH)
    apart = np.sqrt(dx * dx + dy * dy)
    hit = open_ & (apart < radius) & (dx < 0) & (apart > 0)
    safe = np.where(hit, apart, np.float32(1))
    nx, ny = dx / safe, dy / safe
    away = speed[0] * nx + speed[1] * ny
    turned = np.where(hit & (away < 0), np.float32(-(1 + bounce)) * away, np.float32(0))
    apart = np.where(hit, np.float32(radius) - apart, np.float32(0))
    for value, part in zip(speed, (nx, ny), strict=True):
        value += turned * part
    for value, part in zip(place, (nx, ny), strict=True):
        value += apart * part


def _corner(place: list[Reals], speed: list[Reals], radius: float, bounce: float) -> None:
    beyond = np.maximum(place[0] + place[1] - np.float32(_DIAGONAL - radius * _ROOT), np.float32(0))
    out = speed[0] + speed[1]
    turned = np.where((beyond > 0) & (out > 0), np.float32(0.5 * (1 + bounce)) * out, np.float32(0))
    for value in place:
        value -= np.float32(0.5) * beyond
    for value in speed:
        value -= turned
