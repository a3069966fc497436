"""The ball and the cars of many matches at once: body 0 is the ball, then come the cars of team 0 and of team 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marl.types import Bools, Ints
from marl_carball.field import BALL_DRAG, BALL_MASS, BALL_RADIUS, CAR_MASS, CAR_RADIUS, TOP, Reals

MOVING = ("x", "y", "vx", "vy")


@dataclass
class Bodies:
    """`[B, L]`: B bodies (1 + 2 n) of L matches. All arrays are the owner's to change."""

    x: Reals
    y: Reals
    vx: Reals
    vy: Reals

    @cached_property
    def radius(self) -> Reals:
        """`float32[B, 1]`."""
        return _by_body(BALL_RADIUS, CAR_RADIUS, len(self.x))

    @cached_property
    def mass(self) -> Reals:
        """`float32[B, 1]`."""
        return _by_body(BALL_MASS, CAR_MASS, len(self.x))

    def of(self, lanes: Ints | Bools) -> Bodies:
        """Copies of these matches."""
        return Bodies(*(np.ascontiguousarray(getattr(self, name)[:, lanes]) for name in MOVING))

    def put(self, lanes: Ints | Bools, other: Bodies) -> None:
        """Put `other`'s matches back."""
        for name in MOVING:
            getattr(self, name)[:, lanes] = getattr(other, name)

    def energy(self) -> Reals:
        """The kinetic energy of each match, `[L]`."""
        return np.asarray((0.5 * self.mass * (self.vx * self.vx + self.vy * self.vy)).sum(axis=0))

    def drift(self, seconds: float) -> None:
        """Move on with the velocities that they have; none is above `TOP`, and the ball's dies away."""
        slower = np.float32(1 / (1 + BALL_DRAG * seconds))
        self.vx[0] *= slower
        self.vy[0] *= slower
        square = self.vx * self.vx + self.vy * self.vy
        if square.max(initial=0) > TOP * TOP:
            scale = np.minimum(np.float32(1), np.float32(TOP) / np.sqrt(np.maximum(square, np.float32(1))))
            self.vx *= scale
            self.vy *= scale
        self.x += np.float32(seconds) * self.vx
        self.y += np.float32(seconds) * self.vy


def _by_body(ball: float, car: float, bodies: int) -> Reals:
    return np.array([ball] + [car] * (bodies - 1), np.float32)[:, None]
