"""Scripts that play carball, from doing nothing to what takes a learner long to beat. Each is one small function.

A script reads observations `float32[K, width]` and answers with controls `float32[K, 3]`: throttle, steering, boost.
It knows what its car sees, and nothing else, so it plays the same inside an environment and as a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from marl.types import Array, Bools
from marl_carball.field import Reals
from marl_carball.sight import AT, OTHER, OWN, Layout

Script = Callable[[Reals, Layout], Reals]
_SLOW = 0.05  # as near as that, a car that wants to stay lets go of the throttle; in units of 20 m, as all here


@dataclass
class Seen:
    """What K cars see, a column each; points and ways as their team has them."""

    rows: Reals
    layout: Layout

    def __getattr__(self, name: str) -> Reals:
        """A number of `sight.OWN`, `[K]`."""
        if name not in AT:
            raise AttributeError(name)
        return np.asarray(self.rows[:, AT[name]])

    def others(self, name: str) -> Reals:
        """A number of `sight.OTHER`, `[K, 2 n - 1]`: of teammates, then of opponents."""
        return np.asarray(self.rows[:, len(OWN) + OTHER.index(name) :: len(OTHER)])


def idle(rows: Reals, layout: Layout) -> Reals:
    """Does nothing."""
    return np.zeros((len(rows), 3), np.float32)


def chaser(rows: Reals, layout: Layout) -> Reals:
    """Drives at the ball, wherever that sends it."""
    seen = Seen(rows, layout)
    return _steer(seen.ball_ahead, seen.ball_left)


def keeper(rows: Reals, layout: Layout) -> Reals:
    """Stays between the ball and its goal, and clears what comes near."""
    seen = Seen(rows, layout)
    near = (seen.ball_distance < 0.5) & (seen.home_distance < 0.9) & (seen.ball_x > seen.x)
    return _either(near, _aim(seen, lead=0.5), _guard(seen, 0.15))


def aimer(rows: Reals, layout: Layout) -> Reals:
    """Goes round the ball until it is on the way to the goal, and drives through it."""
    return _aim(Seen(rows, layout), lead=0.0)


def striker(rows: Reals, layout: Layout) -> Reals:
    """As the aimer, but at where the ball will be, and it boosts at what is far ahead, or about to be a goal."""
    seen = Seen(rows, layout)
    wanted = _aim(seen, lead=0.5)
    ahead = (np.abs(wanted[:, 1]) < 0.35) & (wanted[:, 0] > 0)
    useful = (seen.ball_distance > 0.35) | ((seen.alignment > 0.8) & (seen.goal_distance < 1.2))
    wanted[:, 2] = np.where(ahead & useful, 1, -1)
    return wanted


def rotation(rows: Reals, layout: Layout) -> Reals:
    """Of a team, who is nearest to the ball is the striker, who is farthest the keeper; a third one follows it."""
    seen = Seen(rows, layout)
    if layout.team == 1:
        return striker(rows, layout)
    mates = slice(0, layout.team - 1)
    dx = seen.others("ahead")[:, mates] - seen.ball_ahead[:, None]
    dy = seen.others("left")[:, mates] - seen.ball_left[:, None]
    away = np.sqrt(dx * dx + dy * dy)
    first, last = (seen.ball_distance[:, None] <= away).all(axis=1), (seen.ball_distance[:, None] > away).all(axis=1)
    back = _go(seen, seen.ball_x - 0.45, 0.5 * seen.ball_y, stay=True)
    return _either(first, striker(rows, layout), _either(last, keeper(rows, layout), back))


SCRIPTS: Mapping[str, Script] = {
    "idle": idle,
    "chaser": chaser,
    "keeper": keeper,
    "aimer": aimer,
    "striker": striker,
    "rotation": rotation,
}


def _aim(seen: Seen, lead: float) -> Reals:
    """To a point behind the ball, seen from the goal, and through the ball where the car is there.

    `lead`: how much of the ball's way until the car can be there is allowed for.
    """
    soon = lead * np.minimum(seen.ball_distance / np.maximum(seen.approach + 0.3, 0.5), 1.0)
    ball_x = np.clip(seen.ball_x + soon * seen.ball_speed_x, -0.95, 0.95)
    ball_y = np.clip(seen.ball_y + soon * seen.ball_speed_y, -0.6, 0.6)
    way = np.stack([1 - ball_x, -ball_y], axis=1)
    way /= np.maximum(np.sqrt((way * way).sum(axis=1, keepdims=True)), 1e-6)
    dx, dy = ball_x - seen.x, ball_y - seen.y
    away = np.maximum(np.sqrt(dx * dx + dy * dy), 1e-6)
    straight = (dx * way[:, 0] + dy * way[:, 1]) / away  # 1: car, ball and goal are in line
    behind = np.where(straight > 0.92, 0.0, 0.12 + 0.13 * (1 - straight))
    round_ = np.where(straight < 0.2, 0.16 * np.sign(dx * way[:, 1] - dy * way[:, 0] + 1e-9), 0.0)  # on its own side
    x = ball_x - behind * way[:, 0] - round_ * way[:, 1]
    y = ball_y - behind * way[:, 1] + round_ * way[:, 0]
    return _go(seen, np.clip(x, -0.94, 0.94), np.clip(y, -0.59, 0.59))


def _guard(seen: Seen, out: float) -> Reals:
    """To the line from the ball to the own goal, `out` before the goal."""
    dx, dy = seen.ball_x + 1, seen.ball_y
    length = np.maximum(np.sqrt(dx * dx + dy * dy), 1e-6)
    x = np.float32(out) * np.maximum(dx / length, np.float32(0.5)) - np.float32(1)
    return _go(seen, x, np.float32(out) * dy / length, stay=True)


def _go(seen: Seen, x: Array, y: Array, stay: bool = False) -> Reals:
    """Towards a point, perhaps to stay there."""
    dx, dy = x - seen.x, y - seen.y
    ahead = dx * seen.heading_x + dy * seen.heading_y
    left = dy * seen.heading_x - dx * seen.heading_y
    wanted = _steer(ahead, left)
    if stay:  # not faster than what is left of the way allows
        near = np.sqrt(dx * dx + dy * dy) < _SLOW + 0.5 * np.abs(seen.speed)
        wanted[near, 0] = np.where(np.abs(seen.speed[near]) > 0.1, -np.sign(seen.speed[near]), 0)
    return wanted


def _steer(ahead: Reals, left: Reals) -> Reals:
    """Full throttle towards what is `ahead` and to the `left`; backwards to what is near and behind."""
    away = np.maximum(np.sqrt(ahead * ahead + left * left), 1e-6)
    side = left / away
    back = (ahead < 0) & (away < 0.35)
    turn = np.where((ahead < 0) & ~back, np.where(left < 0, -1, 1), np.clip(3 * side, -1, 1))
    return np.stack([np.where(back, -1, 1), turn, np.full(len(turn), -1)], axis=1).astype(np.float32)


def _either(which: Bools, yes: Reals, no: Reals) -> Reals:
    return np.where(which[:, None], yes, no)
